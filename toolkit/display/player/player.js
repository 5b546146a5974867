// The player: controls, lanes, transcript and corrections of one session, in step with its sound.

const BACK = 5; // s
const JUST = 0.8; // s: "previous" from this close goes one further back
const KEYS = [
  ["space", "play, pause"],
  ["n, p", "next, previous code"],
  ["s, S", "next, previous silence"],
  ["←, →", "back, on 5 seconds"],
  ["↑, ↓", "previous, next line of the transcript"],
  ["+, −, 0", "closer, further off, the whole session"],
];

/** A measure in two cells, with its value before a correction where that was another one. */
function measured({ title, value, confirmed, missing }, before) {
  const was = before !== undefined && before !== value ? `, was ${before}` : "";
  return [title, `${value}${missing ? ` (${missing})` : ""}${was}${confirmed ? `; ${confirmed} % confirmed` : ""}`];
}

/** A term and what it means. */
const pair = ([term, text]) => make("div", {}, make("dt", { text: term }), make("dd", { text }));

class Player {
  constructor(line, session, page) {
    Object.assign(this, { line, session, ...page });
    this.filter = "";
    this.sound = new Sound(line, session, { tell: this.say, moved: () => this.moved() });
    this.lanes = new Lanes(session, {
      seek: (time) => this.go(time, { play: true }),
      hover: (time) => (this.under.textContent = time === null ? "" : this.at(time)),
    });
    this.transcript = new Transcript({ seek: (time) => this.go(time, { play: true }) });
    this.corrections = new Corrections({ change: (change) => this.change(change) });
    this.whole = new Whole({ change: (change) => this.change(change, { stay: true }) });
    this.build();
    this.update(session);
    line.changed = () => line.session({ ask: "session" }).then((now) => this.update(now), (problem) => this.say(problem.message));
    this.sound.audio.addEventListener("play", () => this.frame());
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  build() {
    const button = (text, act, label) => make("button", { type: "button", text, onclick: act, "aria-label": label, title: label });
    this.play = button("Play", () => this.sound.toggle(), "Play or pause (space)");
    this.play.classList.add("tkp-play");
    this.time = make("span", { class: "tkp-clock", "aria-hidden": "true" });
    this.under = make("p", { class: "tkp-under", "aria-hidden": "true" });
    this.pick = make("select", { "aria-label": "Show", onchange: () => this.show(this.pick.value) });
    const speed = make("select", { "aria-label": "Speed", onchange: () => this.sound.speed(Number(speed.value)) });
    for (const rate of ["0.75", "1", "1.25", "1.5", "2"]) speed.append(make("option", { value: rate, text: `${rate} ×` }));
    speed.value = "1";
    this.beside = make("input", { type: "checkbox", onchange: () => this.update(this.session) });
    this.coders = make("label", { title: "What each coder says, beside what counts" }, this.beside, " Coders side by side");
    const group = (...children) => make("div", { class: "tkp-group" }, ...children);
    this.notes = make("div", { class: "tkp-notes" });
    const keys = make("dl", { class: "tkp-keys" }, ...KEYS.map(pair));
    this.letters = make("dl", { class: "tkp-keys" });
    this.measures = make("dl", { class: "tkp-keys tkp-measures", "aria-label": "The therapist's measures now" });
    this.root.append(
      make(
        "div",
        { class: "tkp-bar", role: "toolbar", "aria-label": "Listen" },
        group(this.play, button("−5 s", () => this.step(-BACK), "Back five seconds (left arrow)"), this.time),
        group(
          button("◂ code", () => this.toCode(-1), "Previous code (p)"),
          button("code ▸", () => this.toCode(1), "Next code (n)"),
          button("◂ silence", () => this.toSilence(-1), "Previous silence (S)"),
          button("silence ▸", () => this.toSilence(1), "Next silence (s)"),
        ),
        group(
          button("+", () => this.zoom(0.5), "Closer (+)"),
          button("−", () => this.zoom(2), "Further off (−)"),
          button("all", () => this.zoom(Infinity), "The whole session (0)"),
        ),
        group(make("label", {}, "Show ", this.pick), make("label", {}, "Speed ", speed), this.coders),
      ),
      this.notes,
      make(
        "div",
        { class: "tkp-main" },
        make("div", { class: "tkp-left" }, this.lanes.root, make("div", { class: "tkp-line" }, this.under, this.status)),
        this.transcript.root,
        this.corrections.root,
      ),
      this.measures,
      this.whole.root,
      make("details", { class: "tkp-help" }, make("summary", { text: "Keys, and what the letters mean" }), keys, this.letters),
      this.sound.audio,
    );
  }

  /** Show another state of the session; place, filter and sound stay. */
  update(session) {
    const before = new Map(this.session.measures.map(({ title, value }) => [title, value]));
    this.session = session;
    this.sound.session = session;
    this.coders.hidden = !session.coders.length;
    session.beside = this.beside.checked && session.coders.length > 0;
    this.rows = allRows(session);
    this.measures.replaceChildren(...session.measures.map((measure) => pair(measured(measure, before.get(measure.title)))));
    this.play.disabled = Boolean(session.no_sound);
    const told = [];
    if (session.no_sound) told.push(`Without sound: ${session.no_sound}`);
    if (session.no_words) told.push(`Without words: ${session.no_words}`);
    this.notes.replaceChildren(...told.map((text) => make("p", { text })));
    const counts = new Map();
    for (const row of this.rows) for (const [code] of row.codes ?? []) counts.set(code, (counts.get(code) ?? 0) + 1);
    const named = [...counts].map(([code, n]) => [code, `${session.book[code].title} (${n})`]).sort((a, b) => a[1].localeCompare(b[1]));
    const options = [["", "everything"], ["silence", `silences of 3 s or more (${session.silences.length})`], ...named];
    this.pick.replaceChildren(...options.map(([value, text]) => make("option", { value, text })));
    this.letters.replaceChildren(...[...counts.keys()].map((code) => pair([session.book[code].short, session.book[code].title])));
    this.lanes.update(session);
    this.whole.show(session);
    this.show(options.some(([value]) => value === this.filter) ? this.filter : "");
  }

  /** Filter by a code or by silence; empty for everything. */
  show(filter) {
    this.filter = filter;
    this.pick.value = filter;
    const has = (row) => filter === "" || row.kind === filter || (row.codes ?? []).some(([code]) => code === filter);
    this.lanes.shows = (code) => (filter === "" || filter === "silence" ? !this.session.book[code].aside : code === filter);
    this.transcript.update(this.session, this.rows.filter(has), { all: filter === "" });
    this.lanes.draw();
    this.moved(true);
  }

  /** Lay a correction over the session and show what it makes of it; with `stay` the focus stays where it is. */
  async change(change, { stay = false } = {}) {
    try {
      this.update(await this.line.session({ ask: "change", ...change }));
      this.say("Saved. The measures were computed again.");
      if (!stay) this.lanes.place.focus({ preventScroll: true }); // the keys go on from here
    } catch (problem) {
      this.whole.show(this.session);
      this.say(problem.message);
    }
  }

  get here() {
    return this.sound.time;
  }

  go(time, options) {
    if (this.session.no_sound === "") this.say("");
    this.lanes.at(time, { follow: true });
    this.transcript.quietUntil = 0;
    return this.sound.jump(time, options);
  }

  step(seconds) {
    this.go(this.here + seconds);
  }

  zoom(factor) {
    if (factor === Infinity) this.lanes.show(0, this.session.duration);
    else this.lanes.zoom(factor, this.here);
    this.lanes.at(this.here);
  }

  /** To the next (1) or previous (-1) of some rows, heard from `lead` seconds before. */
  to(rows, way, lead, name) {
    const times = rows.map((row) => Math.max(0, row.start - lead));
    const edge = way > 0 ? this.here + 0.05 : this.here - (this.sound.playing ? JUST : 0.05);
    const index = way > 0 ? after(times, edge, (t) => t) : after(times, edge, (t) => t) - 1;
    if (index < 0 || index >= rows.length) return this.say(`No ${way > 0 ? "further" : "earlier"} ${name}.`);
    this.go(times[index]);
    return this.say(told(this.session, rows[index]));
  }

  toCode(way) {
    const coded = this.rows.filter((row) => (row.codes ?? []).some(([code]) => this.lanes.shows(code)));
    this.to(coded, way, 0, "code");
  }

  toSilence(way) {
    this.to(this.rows.filter((row) => row.kind === "silence"), way, LEAD, "silence");
  }

  toLine(way) {
    const rows = this.transcript.rows;
    const row = rows[clamp(rowAt(rows, this.here + 0.01) + way, 0, rows.length - 1)];
    if (row) this.go(row.start);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    if (event.key === " " && event.target.closest("button, summary")) return; // it presses what has the focus
    const acts = {
      " ": () => (this.session.no_sound ? this.say(this.session.no_sound) : this.sound.toggle()),
      n: () => this.toCode(1),
      p: () => this.toCode(-1),
      s: () => this.toSilence(1),
      S: () => this.toSilence(-1),
      ArrowLeft: () => this.step(-BACK),
      ArrowRight: () => this.step(BACK),
      ArrowUp: () => this.toLine(-1),
      ArrowDown: () => this.toLine(1),
      "+": () => this.zoom(0.5),
      "-": () => this.zoom(2),
      0: () => this.zoom(Infinity),
    };
    if (!Object.hasOwn(acts, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  /** What is at a time, in words. */
  at(time) {
    const spoken = this.session.activity.filter(([, from, to]) => from <= time && time < to).map(([who]) => who);
    const names = [...new Set(spoken)].map((who) => this.session.speakers[who].name);
    const silence = this.session.silences.find((s) => s.start <= time && time < s.end);
    const what = silence ? `silence of ${(silence.end - silence.start).toFixed(1)} s` : names.join(" and ") || "nobody speaks";
    return `${clock(time)}  ${what}`;
  }

  /** While playing: one step a frame. */
  frame() {
    if (this.running) return;
    this.running = true;
    const step = () => {
      this.running = this.sound.playing && this.root.isConnected;
      if (!this.running) return;
      this.sound.tick();
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  moved(again = false) {
    const time = this.here;
    const state = this.sound.playing ? (this.sound.waiting ? "Reading …" : "Pause") : "Play";
    if (this.play.textContent !== state) this.play.textContent = state;
    const shown = `${clock(time)} / ${clock(this.session.duration)}`;
    if (this.time.textContent !== shown) this.time.textContent = shown;
    this.lanes.at(time, { follow: this.sound.playing });
    this.transcript.at(time, { follow: true });
    const row = this.rows[rowAt(this.rows, time)];
    this.corrections.show(this.session, row, time, again);
  }

  close() {
    for (const part of [this.sound, this.lanes, this.transcript, this.line]) part.close();
  }
}

const render = (place) => opened(place, "Session player", (...parts) => new Player(...parts));

export default { render };
