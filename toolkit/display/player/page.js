// What both pages share: elements, times, and the line to the kernel.
// Everything that comes from data goes through textContent or an attribute; nothing is ever parsed as HTML.

const LEAD = 2; // s heard before a silence that was jumped to
const OWN_KEYS = "data-lm-suppress-shortcuts"; // JupyterLab's mark for places that have keys of their own
const PROPERTIES = { class: "className", text: "textContent" };

/** An element with attributes, properties (class, text), listeners (on…) and children; undefined attributes are left out. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in PROPERTIES) element[PROPERTIES[name]] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A time in the recording: 1:15, or 1:02:05 from an hour on. */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${rest}`
    : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** How many of a list, sorted by key, lie before or at a value: the index of the first one after it. */
function after(list, value, key) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(list[middle]) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The row at a time: of those that have begun the last that goes on, else the last; -1 before all. */
function rowAt(rows, time) {
  const last = after(rows, time, start) - 1;
  for (let index = last; index >= 0 && index > last - 8; index -= 1) if (rows[index].end > time) return index;
  return last;
}

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const start = (item) => item.start;

/** "open_question" as "open question". */
const words = (name) => name.replaceAll("_", " ");

/** Who speaks at either side of a silence, in words. */
function around(session, silence) {
  const [before, behind] = [session.speakers[silence.before].name, session.speakers[silence.after].name];
  return before === behind ? `${before} goes on` : `${before}, then ${behind}`;
}

const DOUBTS = {
  words: "words were recognised in it: not counted as silence",
  noise: "it is loud: not counted as silence",
  excluded: "it touches a portion that was left out: its length means nothing",
};

/** What makes a silence doubtful, empty when nothing does. */
const doubt = (silence) => DOUBTS[silence.evidence] ?? "";

/** Questions to the kernel and their answers; several pages of one widget share its channel. */
class Line {
  constructor(model) {
    this.model = model;
    this.own = Math.random().toString(36).slice(2);
    this.count = 0;
    this.waiting = new Map();
    this.changed = () => {}; // called when another page of this session corrected something
    this.take = (content, buffers) => this.taken(content, buffers);
    model.on("msg:custom", this.take);
  }

  /** Ask; resolves to the bytes of the answer, rejects with the reason when there is none. */
  ask(question, seconds = 120) {
    const id = `${this.own}-${(this.count += 1)}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error("The kernel does not answer. Is it running? Run the cell again."));
      }, seconds * 1000);
      this.waiting.set(id, { resolve, reject, timer });
      this.model.send({ ...question, id });
    });
  }

  taken(content, buffers) {
    if (content?.answer === "changed" && !String(content.by).startsWith(this.own)) this.changed();
    const asked = this.waiting.get(content?.id);
    if (!asked) return;
    this.waiting.delete(content.id);
    clearTimeout(asked.timer);
    if (content.answer === "problem") asked.reject(new Error(content.text));
    else asked.resolve(bytes(buffers[0]));
  }

  /** Ask for a session, or for a change that answers with one. */
  async session(question) {
    return JSON.parse(new TextDecoder().decode(await this.ask(question)));
  }

  close() {
    this.model.off("msg:custom", this.take);
    for (const { timer } of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
  }
}

/** The bytes of a message's buffer, whatever kind of view the page was given. */
function bytes(buffer) {
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer) : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** The empty page of a widget. JupyterLab's own plain keys (space, s, x …) are kept off it, those with Ctrl are not. */
function frame(el, label) {
  const root = make("div", { class: "tkp", role: "region", "aria-label": label, [OWN_KEYS]: "" });
  const status = make("p", { class: "tkp-status", role: "status" });
  const guard = new AbortController();
  const keep = (event) => root.toggleAttribute(OWN_KEYS, !(event.ctrlKey || event.metaKey));
  window.addEventListener("keydown", keep, { capture: true, signal: guard.signal }); // before JupyterLab looks
  root.addEventListener("keydown", (event) => event.stopPropagation()); // else the notebook takes the focus to its cell
  el.replaceChildren(root);
  return { root, status, say: (text) => (status.textContent = text), leave: () => guard.abort() };
}

/** Open a widget: ask for its session, then let `show` build the page from line, session and page. */
function opened({ model, el }, label, show) {
  const page = frame(el, label);
  const line = new Line(model);
  let shown = null;
  page.root.append(page.status);
  page.say("Opening the session …");
  line.session({ ask: "session" }).then(
    (session) => {
      page.say("");
      page.root.setAttribute("aria-label", `${label}: ${session.session}`);
      shown = show(line, session, page);
    },
    (problem) => page.say(problem.message),
  );
  return () => {
    page.leave();
    (shown ?? line).close();
  };
}
