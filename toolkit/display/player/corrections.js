// What a human says over the machine: code of an utterance, speaker, category of a silence, a note at a time.
//
// The panel shows what is at the playhead. While somebody is in it, it stays with what it showed.

const SAME = 0.06; // s: closer than this a note is at the playhead

class Corrections {
  /** `change` takes {what, target, value} and resolves when it has been laid over the session. */
  constructor({ change }) {
    this.change = change;
    this.where = make("p", { class: "tkp-where" });
    this.forms = make("div", { class: "tkp-forms" });
    this.root = make(
      "section",
      { class: "tkp-here", "aria-label": "At this moment, and corrections" },
      make("h4", { text: "At this moment" }),
      this.where,
      this.forms,
    );
    this.root.addEventListener("focusout", (event) => {
      if (!this.root.contains(event.relatedTarget) && this.late) this.show(...this.late);
    });
  }

  get held() {
    return this.root.contains(document.activeElement);
  }

  /** Show a row and the time of the playhead; `again` also when it is the row that is shown. */
  show(session, row, time, again = false) {
    this.late = [session, row, time];
    this.time = this.held ? this.time : time;
    if (this.noteAt) this.noteAt.textContent = `at ${clock(this.time)}`;
    if (this.held && !again) return;
    const own = session.notes.find((note) => note.by === session.by && Math.abs(note.start - this.time) < SAME);
    if (row === this.row && own === this.own && !again) return;
    Object.assign(this, { row, own });
    this.where.textContent = told(session, row);
    const forms = [];
    if (row?.kind === "utterance") forms.push(this.code(session, row), this.speaker(session, row));
    if (row?.kind === "turn") forms.push(this.speaker(session, { ...row, turn: row.target, words: [] }));
    if (row?.kind === "silence") forms.push(this.category(session, row));
    this.noteAt = null;
    this.forms.replaceChildren(...forms, own ? this.oldNote(own) : this.note());
  }

  /** The codes of an utterance: what is ticked replaces all; saved as it is, it is confirmed. */
  code(session, row) {
    const role = session.speakers[row.who].role;
    const side = role === "co_therapist" ? "therapist" : role;
    const given = row.codes.map(([code]) => code);
    const fits = ([code, page]) => page.marker || page.role === side || side === "unknown" || given.includes(code);
    const boxes = Object.entries(session.book).filter(fits).map(([code, page]) => {
      const box = make("input", { type: "checkbox", value: code });
      box.checked = given.includes(code);
      return [box, make("label", { title: page.definition }, box, ` ${page.title}`)];
    });
    const save = make("button", { type: "submit", text: "Confirm" });
    const ticked = () => boxes.map(([box]) => box).filter((box) => box.checked).map((box) => box.value);
    const form = make("form", { class: "tkp-form" }, make("fieldset", {}, make("legend", { text: row.given ? "Code, given by a human" : "Code" }), ...boxes.map(([, label]) => label)), save);
    if (row.given) form.append(this.button("Back to the machine's", form, { what: "code", target: row.target, value: "" }));
    form.addEventListener("change", () => (save.textContent = String(ticked()) === String(sortedBy(session, given)) ? "Confirm" : "Save"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(form, { what: "code", target: row.target, value: codesAs(session, ticked(), given) });
    });
    return form;
  }

  /** Whose the turn is, and of an utterance with words whose it or one of its words is alone. */
  speaker(session, row) {
    const options = session.speakers.map(({ id, name }) => [id, name]);
    const given = session.speakers[row.who].id;
    const select = choices(options, given);
    const form = make("form", { class: "tkp-form" }, make("label", {}, "Speaker ", select));
    const button = (text, changeOf) => {
      const save = make("button", { type: "button", text, disabled: "", onclick: () => this.send(form, changeOf(select.value)) });
      select.addEventListener("change", () => (save.disabled = select.value === given));
      form.append(save);
    };
    if (row.turn) button("Save for the turn", (value) => ({ what: "turn_speaker", target: row.turn, value }));
    const here = () => row.words[Math.max(0, after(row.words, this.time + SAME, ([, at]) => at) - 1)][1].toFixed(3);
    if (row.words.length > 1) button("Only the word here", (value) => ({ what: "word_speaker", target: here(), value }));
    if (row.words.length) button("Only this line", (value) => ({ what: "utterance_speaker", target: String(row.id), value }));
    return form;
  }

  category(session, row) {
    const select = choices(kinds(session), row.category);
    const save = make("button", { type: "submit", text: "Save", disabled: "" });
    select.addEventListener("change", () => (save.disabled = select.value === row.category));
    const means = Object.entries(session.pics).map(([name, text]) => make("li", { text: `${name}: ${text}` }));
    const help = make("details", {}, make("summary", { text: "What they mean" }), make("ul", {}, ...means));
    const form = make("form", { class: "tkp-form" }, make("label", {}, "Kind of silence (PICS) ", select), save, help);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(form, { what: "silence", target: row.target, value: select.value });
    });
    return form;
  }

  note() {
    this.noteAt = make("span", { class: "tkp-faint", text: `at ${clock(this.time ?? 0)}` });
    const text = make("input", { type: "text", maxlength: "500", placeholder: "Note for this moment", "aria-label": "Note for this moment" });
    const form = make("form", { class: "tkp-form" }, make("label", {}, "Note ", this.noteAt, text), make("button", { type: "submit", text: "Add note" }));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (text.value.trim()) this.send(form, { what: "note", target: this.time.toFixed(3), value: text.value.trim() });
    });
    return form;
  }

  /** A note of one's own can be changed, or taken back when it is emptied. */
  oldNote(row) {
    const text = make("input", { type: "text", maxlength: "500", value: row.text, "aria-label": "Your note" });
    const form = make("form", { class: "tkp-form" }, make("label", {}, "Your note ", text), make("button", { type: "submit", text: "Save" }));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(form, { what: "note", target: row.start.toFixed(3), value: text.value.trim() });
    });
    form.append(this.button("Take it back", form, { what: "note", target: row.start.toFixed(3), value: "" }));
    return form;
  }

  /** A button that sends one change. */
  button(text, form, change) {
    return make("button", { type: "button", text, onclick: () => this.send(form, change) });
  }

  async send(form, change) {
    for (const field of form.elements) field.disabled = true;
    await this.change(change);
    for (const field of form.elements) field.disabled = false;
  }
}

/** A list to choose from. */
function choices(options, given) {
  const select = make("select", {}, ...options.map(([value, text]) => make("option", { value, text })));
  select.value = given;
  return select;
}

/** Codes in the order of the book. */
const sortedBy = (session, codes) => Object.keys(session.book).filter((code) => codes.includes(code));

/** Codes as a correction has them; that markers are gone must be said, else the machine's stay. */
function codesAs(session, ticked, given) {
  const marked = (codes) => codes.some((code) => session.book[code].marker);
  return [...ticked, ...(marked(given) && !marked(ticked) ? ["unmarked"] : [])].join("+") || "none";
}

/** The categories to choose from, first none. */
const kinds = (session) => [["", "not given"], ...Object.keys(session.pics).map((name) => [name, name])];

/** One line about a row. */
function told(session, row) {
  if (!row) return "Before anybody speaks.";
  const when = `${clock(row.start)} to ${clock(row.end)}`;
  if (row.kind === "excluded") return `${when}: left out by consent.`;
  if (row.kind === "note") return `${clock(row.start)}: note${row.by ? ` by ${row.by}` : ""}.`;
  if (row.kind === "silence") return `${when}: silence of ${(row.end - row.start).toFixed(1)} s. ${around(session, row)}. ${doubt(row)}`.trim();
  const name = session.speakers[row.who].name;
  const codes = (row.codes ?? []).map(([code, coder]) => `${session.book[code].title} (${coder})`);
  return `${when}: ${name}. ${codes.length ? codes.join(", ") : "No code."}`;
}
