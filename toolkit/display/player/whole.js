// What a human says of the whole session: who is who, and the global ratings of MITI. What is chosen is saved.

class Whole {
  /** `change` takes {what, target, value} and resolves when it has been laid over the session. */
  constructor({ change }) {
    this.change = change;
    this.forms = make("div", { class: "tkp-forms" });
    const summary = make("summary", { text: "The whole session: who is who, global ratings" });
    this.root = make("details", { class: "tkp-session" }, summary, this.forms);
  }

  /** Show another state of the session; the field that has the focus keeps it. */
  show(session) {
    const focused = this.root.contains(document.activeElement) ? document.activeElement.dataset.target : undefined;
    const own = session.ratings[session.by] ?? {};
    const roles = session.speakers.map(({ id, role }) => this.choice("role", id, session.roles.map((name) => [name, words(name)]), role, id));
    const marks = [["", "not rated"], ...["1", "2", "3", "4", "5"].map((mark) => [mark, mark])];
    const ratings = session.globals.map((name) => this.choice("rating", name, marks, String(own[name] ?? ""), words(name)));
    const others = Object.entries(session.ratings).filter(([by]) => by !== session.by).map(([by, given]) => {
      const told = Object.entries(given).map(([name, mark]) => `${words(name)} ${mark}`);
      return make("p", { class: "tkp-faint", text: `${by || "somebody"} rated: ${told.join(", ")}.` });
    });
    this.forms.replaceChildren(
      make("div", { class: "tkp-form", role: "group", "aria-label": "Who is who" }, ...roles),
      make("div", { class: "tkp-form", role: "group", "aria-label": "Global ratings of MITI" }, ...ratings),
      make("p", { class: "tkp-faint", text: "Global ratings of MITI 4.2.1, 1 (low) to 5 (high), beginning at 3: only a human gives them, the toolkit suggests none." }),
      ...others,
    );
    if (focused) this.forms.querySelector(`[data-target="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  choice(what, target, options, given, label) {
    const select = choices(options, given);
    select.dataset.target = target;
    select.addEventListener("change", () => this.change({ what, target, value: select.value }));
    return make("label", {}, `${label} `, select);
  }
}
