// The lanes: who speaks when, both at once, silences, codes. Only what is visible is drawn, on one canvas.

const INK = "#1a1a1a";
const FAINT = "#767676";
const HEIGHTS = { speaker: 30, both: 14, silence: 24, code: 24, note: 14, axis: 20 };
const GAP = 4;
const WINDOW = 180; // s that are seen at first
const FAR = 900; // s: from here on ticks are thin
const NARROWEST = 4; // s: the closest look
const STEPS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const ROOM = 72; // px between two times on the axis

class Lanes {
  /** `seek` is called with the session time of a click. */
  constructor(session, { seek, hover }) {
    Object.assign(this, { seek, hover });
    this.canvas = make("canvas", { class: "tkp-canvas" });
    this.head = make("div", { class: "tkp-head" });
    this.names = make("div", { class: "tkp-names", "aria-hidden": "true" });
    this.place = make("div", {
      class: "tkp-place",
      role: "slider",
      tabindex: "0",
      "aria-label": "Place in the session",
      "aria-valuemin": "0",
    });
    this.place.append(this.canvas, this.head);
    this.overview = make("canvas", { class: "tkp-overview-canvas" });
    this.window = make("div", { class: "tkp-window" });
    this.mark = make("div", { class: "tkp-head" });
    this.strip = make("div", { class: "tkp-overview", title: "The whole session: click to go there" });
    this.strip.append(this.overview, this.window, this.mark);
    const whole = make("div", { class: "tkp-whole", "aria-hidden": "true", text: "whole session" });
    this.root = make("div", { class: "tkp-lanes" }, this.names, this.place, whole, this.strip);
    this.shows = (code) => !this.session.book[code].aside;
    this.update(session);
    this.place.addEventListener("click", (event) => this.seek(this.timeAt(event.offsetX)));
    this.place.addEventListener("pointermove", (event) => this.hover(this.timeAt(event.offsetX)));
    this.place.addEventListener("pointerleave", () => this.hover(null));
    this.place.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.strip.addEventListener("click", (event) => {
      const time = (event.offsetX / this.strip.clientWidth) * this.session.duration;
      this.show(time - this.length / 2);
      this.seek(time);
    });
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(this.place);
  }

  /** Draw another state of the session; the visible part stays. */
  update(session) {
    this.session = session;
    this.from ??= 0;
    this.length ??= Math.min(session.duration, WINDOW);
    this.rows = rowsOf(session);
    // by lane and in order of start; the longest of each says how far back a visible one may begin
    this.spans = session.speakers.map((_, who) => sorted(session.activity, who));
    this.turns = session.speakers.map((_, who) => sorted(session.turns, who));
    const alone = (pairs) => withLongest(pairs.map(([from, to]) => ({ start: from, end: to })));
    this.both = alone(session.overlaps);
    this.cuts = alone(session.excluded);
    this.quiet = withLongest(session.silences);
    this.noted = withLongest(session.notes.map(({ start: at }) => ({ start: at, end: at })));
    this.marks = this.rows
      .filter((row) => row.kind === "code")
      .map((row) => withLongest(marksOf(session, row.who)));
    this.height = this.rows.reduce((sum, row) => sum + HEIGHTS[row.kind] + GAP, 0);
    this.names.replaceChildren(
      ...this.rows.map((row) => {
        const name = make("div", { text: row.name, class: row.sub ? "tkp-sub" : "" });
        name.style.height = `${HEIGHTS[row.kind]}px`;
        name.style.marginBottom = `${GAP}px`;
        return name;
      }),
    );
    this.place.style.height = `${this.height}px`;
    this.place.setAttribute("aria-valuemax", Math.floor(session.duration));
    this.resize();
  }

  close() {
    this.watch.disconnect();
  }

  timeAt(x) {
    return clamp(this.from + (x / this.width) * this.length, 0, this.session.duration);
  }

  x(time) {
    return ((time - this.from) / this.length) * this.width;
  }

  /** Show the session from a time on, `length` seconds of it. */
  show(from, length = this.length) {
    this.length = clamp(length, Math.min(NARROWEST, this.session.duration), this.session.duration);
    this.from = clamp(from, 0, this.session.duration - this.length);
    this.draw();
  }

  /** Look closer (below 1) or from further off, around a time that stays where it is. */
  zoom(factor, around) {
    const held = clamp(around, this.from, this.from + this.length);
    const share = (held - this.from) / this.length;
    const length = clamp(this.length * factor, NARROWEST, this.session.duration);
    this.show(held - share * length, length);
  }

  wheel(event) {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom(Math.exp(event.deltaY / 300), this.timeAt(event.offsetX));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      this.show(this.from + ((event.deltaX || event.deltaY) / this.width) * this.length);
    }
  }

  resize() {
    this.width = this.place.clientWidth;
    if (!this.width) return;
    this.pen = fitted(this.canvas, this.width, this.height);
    this.fills ??= new Map();
    this.draw();
    this.drawWhole();
  }

  fill(role) {
    if (!this.fills.has(role)) this.fills.set(role, pattern(this.pen, role));
    return this.fills.get(role);
  }

  /** The playhead; with `follow` the visible part turns its page when the head leaves it. */
  at(time, { follow = false } = {}) {
    if (!this.width) return;
    if (follow && (time < this.from || time > this.from + this.length * 0.97)) this.show(time - this.length * 0.1);
    const x = this.x(time);
    this.head.style.transform = `translateX(${clamp(x, -10, this.width + 10)}px)`;
    this.mark.style.transform = `translateX(${(time / this.session.duration) * this.strip.clientWidth}px)`;
    const second = String(Math.floor(time));
    if (this.place.getAttribute("aria-valuenow") !== second) {
      this.place.setAttribute("aria-valuenow", second);
      this.place.setAttribute("aria-valuetext", `${clock(time)} of ${clock(this.session.duration)}`);
    }
  }

  draw() {
    if (!this.pen) return;
    const pen = this.pen;
    pen.clearRect(0, 0, this.width, this.height);
    let top = 0;
    let lane = 0;
    for (const row of this.rows) {
      const height = HEIGHTS[row.kind];
      if (row.kind === "speaker") this.drawSpeaker(row, top, height);
      if (row.kind === "both") this.bars(this.both, top, height, () => "#3B3B3B");
      if (row.kind === "silence") this.drawSilences(top, height);
      if (row.kind === "code") this.drawCodes(this.marks[lane++], top, height);
      if (row.kind === "note") this.drawNotes(top, height);
      if (row.kind === "axis") this.drawAxis(top, height);
      top += height + GAP;
    }
    for (const cut of this.visible(this.cuts)) this.drawCut(cut);
    const share = (time) => `${(100 * time) / this.session.duration}%`;
    this.window.style.left = share(this.from);
    this.window.style.width = share(this.length);
  }

  /** What of a sorted list lies in the visible part. */
  visible(list) {
    const first = after(list, this.from - list.longest, start);
    const last = after(list, this.from + this.length, start);
    return list.slice(Math.max(0, first - 1), last).filter((item) => item.end >= this.from);
  }

  /** Bars of a list; those that would fall on a pixel that is drawn already are joined with it. */
  bars(list, top, height, fillOf, outline) {
    const pen = this.pen;
    let left = null;
    let right = null;
    const flush = () => {
      if (left === null) return;
      const width = Math.max(1, right - left);
      pen.fillStyle = fillOf();
      pen.fillRect(left, top, width, height);
      if (outline && width > 3) {
        pen.strokeStyle = outline;
        pen.lineWidth = 1;
        pen.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
      }
    };
    for (const item of this.visible(list)) {
      const [a, b] = [this.x(item.start), this.x(item.end)];
      if (left !== null && a - right < 0.5) right = Math.max(right, b);
      else {
        flush();
        [left, right] = [a, b];
      }
    }
    flush();
  }

  drawSpeaker(row, top, height) {
    const [, line] = look(row.role);
    this.bars(this.turns[row.who], top, height, () => "#E9EDF1");
    this.bars(this.spans[row.who], top + 5, height - 10, () => this.fill(row.role), line);
  }

  drawSilences(top, height) {
    const pen = this.pen;
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    for (const silence of this.visible(this.quiet)) {
      const [a, width] = [this.x(silence.start), Math.max(2, this.x(silence.end) - this.x(silence.start))];
      pen.setLineDash(silence.evidence === "silent" ? [] : [3, 3]);
      pen.lineWidth = 1.5;
      pen.strokeStyle = INK;
      pen.fillStyle = silence.evidence === "silent" ? "#FFFFFF" : "#F0F0F0";
      pen.fillRect(a, top + 3, width, height - 6);
      pen.strokeRect(a + 0.75, top + 3.75, Math.max(0.5, width - 1.5), height - 7.5);
      const text = `${(silence.end - silence.start).toFixed(1)} s`;
      pen.fillStyle = INK;
      if (width > 36) pen.fillText(text, a + width / 2, top + height / 2 + 0.5);
    }
    pen.setLineDash([]);
  }

  /** Marks of one lane: letters where there is room, else a tick; codes that are filtered out are faint. */
  drawCodes(marks, top, height) {
    const pen = this.pen;
    pen.font = "600 11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    const seen = this.visible(marks);
    seen.forEach((mark, index) => {
      const x = this.x(mark.start);
      const shown = mark.codes.filter((code) => this.shows(code));
      const text = (shown.length ? shown : mark.codes).map((code) => this.session.book[code].short).join(" ");
      const width = pen.measureText(text).width + 8;
      const room = (index + 1 < seen.length ? this.x(seen[index + 1].start) : this.width + width) - x;
      if (!shown.length) {
        pen.fillStyle = "#9A9A9A";
        pen.fillRect(x, top + height - 8, 1.5, 6);
      } else if (room < width + 2) {
        pen.fillStyle = INK;
        pen.fillRect(x, top + 3, this.length > FAR ? 1 : 2, height - 6);
      } else {
        pen.fillStyle = "#FFFFFF";
        pen.strokeStyle = INK;
        pen.lineWidth = 1;
        pen.fillRect(x, top + 3, width, height - 6);
        pen.strokeRect(x + 0.5, top + 3.5, width - 1, height - 7);
        pen.fillStyle = INK;
        pen.fillText(text, x + width / 2, top + height / 2 + 0.5);
      }
    });
  }

  /** A flag for each note. */
  drawNotes(top, height) {
    const pen = this.pen;
    pen.fillStyle = "#7B2F5C";
    for (const note of this.visible(this.noted)) {
      const x = this.x(note.start);
      pen.beginPath();
      pen.moveTo(x, top);
      pen.lineTo(x + 10, top + 4);
      pen.lineTo(x + 1.5, top + 8);
      pen.lineTo(x + 1.5, top + height);
      pen.lineTo(x, top + height);
      pen.fill();
    }
  }

  drawCut(cut) {
    const pen = this.pen;
    const [a, b] = [this.x(cut.start), this.x(cut.end)];
    const bottom = this.height - HEIGHTS.axis - GAP;
    pen.fillStyle = "#FFFFFF";
    pen.fillRect(a, 0, b - a, bottom);
    pen.strokeStyle = FAINT;
    pen.lineWidth = 1;
    pen.strokeRect(a + 0.5, 0.5, b - a - 1, bottom - 1);
    pen.save();
    pen.beginPath();
    pen.rect(a, 0, b - a, bottom);
    pen.clip();
    pen.beginPath();
    for (let x = a - bottom; x < b; x += 10) pen.moveTo(x, bottom), pen.lineTo(x + bottom, 0);
    pen.stroke();
    pen.restore();
  }

  drawAxis(top, height) {
    const pen = this.pen;
    const step = STEPS.find((s) => (s / this.length) * this.width >= ROOM) ?? 7200;
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "bottom";
    pen.textAlign = "left";
    pen.fillStyle = "#444444";
    for (let time = Math.ceil(this.from / step) * step; time <= this.from + this.length; time += step) {
      const x = this.x(time);
      pen.fillRect(x, top, 1, 5);
      const text = step < 1 ? `${clock(time)}.${Math.round((time % 1) * 10)}` : clock(time);
      if (x + ROOM / 2 < this.width || time === 0) pen.fillText(text, x + 3, top + height - 2);
    }
  }

  /** The whole session at a glance: a line a speaker, silences below. */
  drawWhole() {
    const [width, height] = [this.strip.clientWidth, this.strip.clientHeight];
    if (!width) return;
    const pen = fitted(this.overview, width, height);
    const scale = width / this.session.duration;
    const each = (height - 8) / Math.max(1, this.session.speakers.length);
    pen.fillStyle = "#F4F4F4";
    pen.fillRect(0, 0, width, height);
    this.session.speakers.forEach((speaker, who) => {
      pen.fillStyle = pattern(pen, speaker.role);
      for (const span of this.spans[who])
        pen.fillRect(span.start * scale, 1 + who * each, Math.max(0.5, (span.end - span.start) * scale), each - 1);
    });
    pen.fillStyle = INK;
    for (const silence of this.session.silences)
      pen.fillRect(silence.start * scale, height - 6, Math.max(1.5, (silence.end - silence.start) * scale), 5);
  }
}
