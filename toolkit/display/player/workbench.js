// The silence workbench: a card for each silence, with what lies around it, its sound, and its category.

const BEFORE = 4; // s heard before a silence
const BEHIND = 3; // s heard after it

class Workbench {
  constructor(line, session, page) {
    Object.assign(this, { line, session, ...page });
    this.sound = new Sound(line, session, { tell: this.say, moved: () => this.moved() });
    this.cards = make("ol", { class: "tkp-cards" });
    this.intro = make("div", { class: "tkp-notes" });
    this.current = null;
    this.root.append(this.intro, this.cards, this.status, this.sound.audio);
    this.sound.audio.addEventListener("play", () => this.frame());
    this.update(session);
    line.changed = () => line.session({ ask: "session" }).then((now) => this.update(now), (problem) => this.say(problem.message));
  }

  update(session) {
    this.session = session;
    this.sound.session = session;
    const given = session.silences.filter((s) => s.category).length;
    const told = session.silences.length
      ? [`${session.silences.length} silences of 3 s or more; ${given} have a category.`]
      : ["No silence of 3 s or more."];
    if (session.no_sound) told.push(`Without sound: ${session.no_sound}`);
    if (session.no_words) told.push(`Without words: ${session.no_words}`);
    const help = Object.entries(session.pics).map(([name, means]) => make("li", { text: `${name}: ${means}` }));
    this.intro.replaceChildren(
      ...told.map((text) => make("p", { text })),
      make(
        "details",
        {},
        make("summary", { text: "The seven categories" }),
        make("ul", {}, ...help),
        make("p", { text: "Pausing Inventory Categorization System (Levitt 2001). What a silence is takes a human who listens; the toolkit suggests none." }),
      ),
    );
    const opened = document.activeElement?.closest?.(".tkp-card")?.dataset.id;
    this.cards.replaceChildren(...session.silences.map((silence) => this.card(silence)));
    if (opened) this.cards.querySelector(`[data-id="${CSS.escape(opened)}"] select`)?.focus();
    this.moved();
  }

  card(silence) {
    const length = `${(silence.end - silence.start).toFixed(1)} s`;
    const share = Math.round((100 * silence.start) / this.session.duration);
    const name = `Silence of ${length} at ${clock(silence.start)}`;
    const play = make("button", { type: "button", text: "Play", class: "tkp-play", "aria-label": `Play: ${name}` });
    play.disabled = Boolean(this.session.no_sound);
    play.addEventListener("click", () => this.hear(silence));
    const speakers = this.session.speakers;
    const fact = (term, text) => make("div", {}, make("dt", { text: term }), make("dd", { text }));
    const act = silence.act
      ? `${silence.act.codes.map((code) => this.session.book[code].title).join(", ")} (${clock(silence.act.start)})`
      : "none found";
    const facts = make(
      "dl",
      { class: "tkp-facts" },
      fact("spoke before", speakers[silence.before].name),
      fact("broke it", speakers[silence.after].name),
      fact("therapist's act before", act),
      fact("place", `${share} % of the session`),
      fact("kind", silence.kind),
    );
    const head = make("div", { class: "tkp-card-head" }, play, make("strong", { text: `${clock(silence.start)} · ${length}` }), this.category(silence, name));
    const card = make("li", { class: "tkp-card", "data-id": silence.id, "aria-label": name }, head, facts);
    if (doubt(silence)) card.append(make("p", { class: "tkp-doubt", text: doubt(silence) }));
    if (silence.words_before || silence.words_after)
      card.append(
        make(
          "p",
          { class: "tkp-around" },
          make("span", { dir: "auto", text: `… ${silence.words_before}` }),
          make("span", { class: "tkp-gap", text: ` [${length}] ` }),
          make("span", { dir: "auto", text: `${silence.words_after} …` }),
        ),
      );
    return card;
  }

  /** The category: chosen is saved. */
  category(silence, name) {
    const options = [["", "no category"], ...Object.keys(this.session.pics).map((kind) => [kind, kind])];
    const select = make("select", { "aria-label": `Category of: ${name}` }, ...options.map(([value, text]) => make("option", { value, text })));
    select.value = silence.category ?? "";
    select.addEventListener("change", () => this.change(silence, select));
    return make("label", { class: "tkp-category" }, "Category ", select);
  }

  async change(silence, select) {
    try {
      this.update(await this.line.session({ ask: "change", what: "silence", target: silence.target, value: select.value }));
      this.say(`Saved: ${select.value || "no category"}, ${clock(silence.start)}.`);
    } catch (problem) {
      select.value = silence.category ?? "";
      this.say(problem.message);
    }
  }

  /** Hear a silence with what is around it; again to stop. */
  hear(silence) {
    const same = this.current === silence.id && this.sound.playing;
    this.say("");
    if (same) return this.sound.pause();
    this.current = silence.id;
    return this.sound.jump(Math.max(0, silence.start - BEFORE), { play: true, until: silence.end + BEHIND });
  }

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

  moved() {
    for (const card of this.cards.children) {
      const own = Number(card.dataset.id) === this.current && this.sound.playing;
      const text = own ? (this.sound.waiting ? "Reading …" : "Stop") : "Play";
      const button = card.querySelector("button");
      if (button.textContent !== text) button.textContent = text;
      card.classList.toggle("tkp-now", own);
    }
  }

  close() {
    this.sound.close();
    this.line.close();
  }
}

const render = (place) => opened(place, "Silence workbench", (...parts) => new Workbench(...parts));

export default { render };
