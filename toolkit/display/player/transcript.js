// The list beside the lanes: utterances and silences in order; only the rows that can be seen are on the page.

const AHEAD = 300; // px above and below the visible part that are kept ready
const GUESS = 46; // px of a row nobody has measured yet

class Transcript {
  /** `seek` is called with a time and a row; `picked` with a row that was moved to. */
  constructor({ seek }) {
    this.seek = seek;
    this.list = make("div", { class: "tkp-rows", role: "listbox", tabindex: "0", "aria-label": "Transcript" });
    this.tall = make("div", { class: "tkp-tall", role: "presentation" });
    this.list.append(this.tall);
    this.root = this.list;
    this.shown = new Map(); // index: element
    this.now = -1;
    this.quietUntil = 0; // while the reader scrolls by hand the list does not follow
    this.list.addEventListener("scroll", () => this.render(), { passive: true });
    for (const name of ["wheel", "touchmove", "pointerdown"])
      this.list.addEventListener(name, () => (this.quietUntil = performance.now() + 4000), { passive: true });
    this.watch = new ResizeObserver(() => this.resized());
    this.watch.observe(this.list);
  }

  /** Show other rows; `all` when none is filtered out, so that between two of them the earlier one stays marked. */
  update(session, rows, { all }) {
    Object.assign(this, { session, rows, all });
    this.now = -1;
    this.clear();
    if (this.heights?.length !== rows.length) this.heights = new Float64Array(rows.length).fill(GUESS);
    this.measured = new Uint8Array(rows.length);
    this.settle();
    this.render();
  }

  close() {
    this.watch.disconnect();
  }

  clear() {
    for (const element of this.shown.values()) element.remove();
    this.shown.clear();
  }

  resized() {
    if (!this.rows || this.list.clientWidth === this.width) return this.rows && this.render();
    this.width = this.list.clientWidth;
    this.measured.fill(0);
    this.render();
    return this.reveal(this.now);
  }

  /** Where each row begins, from the heights. */
  settle() {
    this.tops = new Float64Array(this.rows.length + 1);
    for (let i = 0; i < this.rows.length; i += 1) this.tops[i + 1] = this.tops[i] + this.heights[i];
    this.tall.style.height = `${this.tops[this.rows.length]}px`;
  }

  /** Put the visible rows on the page and measure those that are new. */
  render() {
    if (!this.rows) return;
    const top = this.list.scrollTop;
    const first = Math.max(0, after(this.tops, top - AHEAD, (y) => y) - 1);
    const last = Math.min(this.rows.length, after(this.tops, top + this.list.clientHeight + AHEAD, (y) => y));
    for (const [index, element] of this.shown)
      if (index < first || index >= last) {
        element.remove();
        this.shown.delete(index);
      }
    for (let index = first; index < last; index += 1)
      if (!this.shown.has(index)) {
        const element = this.element(index);
        this.shown.set(index, element);
        this.tall.append(element);
      }
    this.measure(top);
  }

  measure(top) {
    const anchor = Math.max(0, after(this.tops, top, (y) => y) - 1);
    const before = this.tops[anchor];
    let changed = false;
    for (const [index, element] of this.shown) {
      if (this.measured[index]) continue;
      const height = element.offsetHeight;
      if (!height) continue;
      this.measured[index] = 1;
      changed ||= height !== this.heights[index];
      this.heights[index] = height;
    }
    if (changed) {
      this.settle();
      const moved = this.tops[anchor] - before;
      if (moved) this.list.scrollTop = top + moved; // what is read stays where it is
    }
    for (const [index, element] of this.shown) element.style.transform = `translateY(${this.tops[index]}px)`;
  }

  element(index) {
    const row = this.rows[index];
    const element = rowElement(this.session, row);
    element.id = `${(this.prefix ??= `tkp-${Math.random().toString(36).slice(2)}`)}-${index}`;
    element.setAttribute("aria-setsize", this.rows.length);
    element.setAttribute("aria-posinset", index + 1);
    this.marked(element, index === this.now);
    element.addEventListener("click", (event) => {
      const time = Number(event.target.closest("[data-start]").dataset.start);
      this.seek(time, row);
    });
    return element;
  }

  marked(element, is) {
    element.classList.toggle("tkp-now", is);
    element.setAttribute("aria-selected", String(is));
  }

  /** The row to mark at a time; of filtered ones the one that goes on or is about to begin, -1 for none. */
  indexAt(time) {
    if (this.all) return rowAt(this.rows, time);
    const index = rowAt(this.rows, time + LEAD + 0.1);
    return index >= 0 && time <= this.rows[index].end ? index : -1;
  }

  /** Mark the row and the word at a time; with `follow` scroll there. */
  at(time, { follow = false } = {}) {
    if (!this.rows) return;
    const index = this.indexAt(time);
    if (index !== this.now) {
      const old = this.shown.get(this.now);
      if (old) this.marked(old, false);
      this.now = index;
      const element = this.shown.get(index);
      if (element) this.marked(element, true);
      if (index >= 0) this.list.setAttribute("aria-activedescendant", `${this.prefix}-${index}`);
      else this.list.removeAttribute("aria-activedescendant");
      if (follow && performance.now() > this.quietUntil) this.reveal(index);
    }
    this.word(time);
  }

  word(time) {
    const element = this.shown.get(this.now);
    const spoken = element ? [...element.querySelectorAll(".tkp-word")] : [];
    const current = spoken[after(spoken, time, (span) => Number(span.dataset.start)) - 1];
    const row = this.rows[this.now];
    const word = row && time < row.end + 0.5 ? current : undefined;
    if (word === this.spoken) return;
    this.spoken?.classList.remove("tkp-said");
    word?.classList.add("tkp-said");
    this.spoken = word;
  }

  /** Scroll so that a row can be seen. */
  reveal(index) {
    if (index < 0 || index >= this.rows.length) return;
    const [top, height] = [this.tops[index], this.list.clientHeight];
    const visible = top >= this.list.scrollTop && top + this.heights[index] <= this.list.scrollTop + height;
    if (visible) return;
    this.list.scrollTop = Math.max(0, top - height / 3);
    this.render();
    this.list.scrollTop = Math.max(0, this.tops[index] - height / 3); // now with the heights that were guessed before
    this.render();
  }
}

/** One row; words and names as text only. */
function rowElement(session, row) {
  const time = make("span", { class: "tkp-time", text: clock(row.start) });
  const element = make("div", { class: `tkp-row tkp-${row.kind}`, role: "option", "data-start": row.start }, time);
  if (row.kind === "excluded") {
    element.append(make("span", { class: "tkp-what", text: `left out by consent, ${clock(row.end - row.start)} min` }));
    return element;
  }
  if (row.kind === "note") {
    const by = row.by ? `note by ${row.by}: ` : "note: ";
    element.append(make("div", {}, make("span", { class: "tkp-name", text: by }), make("span", { dir: "auto", text: row.text })));
    return element;
  }
  if (row.kind === "silence") {
    const long = `silence, ${(row.end - row.start).toFixed(1)} s`;
    element.append(make("span", { class: "tkp-what", text: `${long}: ${around(session, row)}` }));
    if (doubt(row)) element.append(make("span", { class: "tkp-doubt", text: doubt(row) }));
    if (row.category) element.append(make("span", { class: "tkp-code", text: row.category }));
    return element;
  }
  const { role, name } = session.speakers[row.who];
  element.dataset.role = role;
  const said = row.kind === "utterance" ? saying(session, row) : [`${(row.end - row.start).toFixed(1)} s`];
  element.append(make("div", {}, make("span", { class: "tkp-name", text: name }), " ", ...said));
  return element;
}

/** What was said, or how much; and its codes. */
function saying(session, row) {
  const text = make("span", { class: "tkp-text", dir: "auto" });
  for (const [word, at] of row.words) text.append(make("span", { class: "tkp-word", text: word, "data-start": at }), " ");
  if (!row.words.length) text.append(make("span", { class: "tkp-count", text: `${row.count} ${row.count === 1 ? "word" : "words"}` }));
  const codes = make("span", { class: "tkp-codes" });
  for (const [code] of row.codes) {
    const { short, title } = session.book[code];
    codes.append(make("abbr", { class: "tkp-code", title, "aria-label": title, text: short }), " ");
  }
  const beside = session.beside && row.coders.length ? [make("div", { class: "tkp-coders" }, ...row.coders.map((one) => hand(session, one)))] : [];
  return [text, " ", codes, ...beside];
}

/** What one coder says of an utterance. */
function hand(session, [by, codes]) {
  const said = codes.map((code) => make("abbr", { class: "tkp-code", title: session.book[code].title, text: session.book[code].short }));
  const none = make("span", { class: "tkp-count", text: "no code" });
  return make("span", { class: "tkp-hand" }, make("span", { class: "tkp-name", text: `${by || "nobody named"} ` }), ...(said.length ? said : [none]));
}

/** Everything that can be a row, in order of time. */
function allRows(session) {
  const said = session.utterances.length
    ? session.utterances.map((u) => ({ ...u, kind: "utterance" }))
    : session.turns.map(([who, from, to, target], id) => ({ kind: "turn", id, who, start: from, end: to, target }));
  const quiet = session.silences.map((s) => ({ ...s, kind: "silence" }));
  const cuts = session.excluded.map(([from, to]) => ({ kind: "excluded", start: from, end: to }));
  const notes = session.notes.map((n) => ({ ...n, kind: "note", end: n.start }));
  return [...said, ...quiet, ...cuts, ...notes].sort((a, b) => a.start - b.start);
}
