// The sound: one audio element that holds one piece of the session at a time.
//
// Its data-start is the session time at its beginning, so that data-start + currentTime is the time in the session. The
// pieces end in pauses; the next one is fetched while one is playing.

const HELD = 4; // pieces kept on the page
const STEP = 0.05; // s: closer than this two times are one

class Sound {
  /** `tell` is called with a problem's text, `moved` whenever place or state has changed. */
  constructor(line, session, { tell, moved }) {
    Object.assign(this, { line, session, tell, moved });
    this.pieces = new Map(); // number of the piece: promise of its URL
    this.number = -1; // the piece that the element holds
    this.place = 0; // session time while nothing is held
    this.wish = 0; // grows with every jump, so that a piece that comes too late is not played
    this.until = Infinity;
    this.wanted = false;
    this.audio = make("audio", { class: "tkp-audio", preload: "auto", "aria-hidden": "true" });
    this.audio.dataset.state = "empty";
    for (const name of ["play", "pause", "seeked", "timeupdate"]) this.audio.addEventListener(name, () => this.tick());
    this.audio.addEventListener("ended", () => this.next());
  }

  /** Why nothing can be heard; empty when it can. */
  get refused() {
    return this.session.no_sound;
  }

  /** The time in the session, to the millisecond: the element gives 11.019999 for 11.02, which is the line before. */
  get time() {
    if (this.number < 0 || this.waiting) return this.place;
    return Math.round((Number(this.audio.dataset.start) + this.audio.currentTime) * 1000) / 1000;
  }

  get playing() {
    return this.wanted;
  }

  /** Go to a time; with `play` hear it from there, up to `until`. */
  async jump(time, { play = this.wanted, until = Infinity } = {}) {
    const target = clamp(this.past(time), 0, this.session.duration);
    this.until = until;
    this.place = target;
    this.wish += 1;
    if (this.refused) return this.moved();
    this.wanted = play;
    const wish = this.wish;
    const number = this.numberAt(target);
    try {
      this.waiting = number !== this.number;
      if (this.waiting) await this.hold(number, wish);
      if (wish !== this.wish) return undefined;
      this.waiting = false;
      this.audio.currentTime = clamp(target - this.audio.dataset.start, 0, this.audio.duration || 0);
      if (play) await this.audio.play();
      else this.audio.pause();
    } catch (problem) {
      if (wish === this.wish) this.failed(problem);
    }
    return this.moved();
  }

  pause() {
    this.wanted = false;
    this.wish += this.waiting ? 1 : 0;
    this.waiting = false;
    this.audio.pause();
    this.moved();
  }

  toggle() {
    return this.wanted ? this.pause() : this.jump(this.time >= this.session.duration - STEP ? 0 : this.time, { play: true });
  }

  speed(rate) {
    this.audio.defaultPlaybackRate = rate;
    this.audio.playbackRate = rate;
  }

  failed(problem) {
    this.wanted = false;
    this.waiting = false;
    if (problem.name === "AbortError") return; // a newer jump took over
    this.audio.dataset.state = "failed";
    this.tell(problem.name === "NotAllowedError" ? "The browser wants a click first: press Play." : problem.message);
  }

  /** The time after the excluded portion that a time lies in, else the time itself. */
  past(time) {
    const cut = this.session.excluded.find(([from, to]) => from <= time && time < to);
    return cut ? cut[1] : time;
  }

  numberAt(time) {
    return clamp(after(this.session.chunks, time, (edge) => edge) - 1, 0, this.session.chunks.length - 2);
  }

  /** Put a piece into the element. */
  async hold(number, wish) {
    this.audio.dataset.state = "loading";
    this.audio.pause();
    this.moved();
    const url = await this.piece(number);
    if (wish !== this.wish) return;
    const ready = new Promise((resolve, reject) => {
      this.audio.onloadedmetadata = resolve;
      this.audio.onerror = () => reject(new Error("The browser cannot play this sound."));
    });
    this.audio.src = url;
    await ready;
    if (wish !== this.wish) return;
    this.number = number;
    this.audio.dataset.start = this.session.chunks[number];
    this.audio.dataset.end = this.session.chunks[number + 1];
    this.audio.dataset.state = "ready";
    if (number + 2 < this.session.chunks.length) this.piece(number + 1).catch(() => {}); // said when it is needed
  }

  /** The URL of a piece, fetched once; those not used for long are let go. */
  piece(number) {
    const [from, to] = [this.session.chunks[number], this.session.chunks[number + 1]];
    const found =
      this.pieces.get(number) ??
      this.line
        .ask({ ask: "sound", start: from, end: to })
        .then((data) => URL.createObjectURL(new Blob([data], { type: "audio/wav" })));
    this.pieces.delete(number);
    this.pieces.set(number, found); // last used stands last
    found.catch(() => this.pieces.delete(number));
    for (const old of [...this.pieces.keys()].slice(0, -HELD)) if (old !== this.number) this.drop(old);
    return found;
  }

  drop(number) {
    this.pieces.get(number)?.then(URL.revokeObjectURL, () => {});
    this.pieces.delete(number);
  }

  next() {
    const last = this.number + 2 >= this.session.chunks.length;
    if (this.wanted && !last) this.jump(this.session.chunks[this.number + 1], { until: this.until });
    else this.pause();
  }

  /** While playing: pass over what is excluded, stop where it was to end. */
  tick() {
    const now = this.time;
    if (this.wanted && !this.waiting && !this.audio.paused) {
      if (now >= this.until) this.pause();
      else if (this.past(now) > now) this.jump(this.past(now), { until: this.until });
    }
    this.moved();
  }

  close() {
    this.wish += 1;
    this.audio.pause();
    this.audio.removeAttribute("src");
    for (const number of [...this.pieces.keys()]) this.drop(number);
  }
}
