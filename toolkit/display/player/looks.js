// How the lanes look and what is in them: colours with patterns, and the session sorted by lane.

const LOOKS = {
  // role: fill, outline, pattern; Okabe and Ito's palette, and never colour alone
  therapist: ["#0072B2", "#004B76", "solid"],
  client: ["#F3C667", "#7A5200", "stripes"],
  co_therapist: ["#56B4E9", "#0F4F75", "dots"],
  interpreter: ["#E5B6D0", "#7B2F5C", "bars"],
  other: ["#CCCCCC", "#4D4D4D", "crosses"],
  unknown: ["#CCCCCC", "#4D4D4D", "crosses"],
};

const look = (role) => LOOKS[role] ?? LOOKS.unknown;

/** A canvas pattern of a role, so that roles differ without colour. */
function pattern(context, role) {
  const [fill, line, kind] = look(role);
  if (kind === "solid") return fill;
  const tile = make("canvas", { width: 8, height: 8 });
  const pen = tile.getContext("2d");
  pen.fillStyle = fill;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = line;
  pen.fillStyle = line;
  pen.lineWidth = 1.5;
  pen.beginPath();
  if (kind === "stripes") for (const x of [-8, 0, 8]) pen.moveTo(x, 8), pen.lineTo(x + 8, 0);
  if (kind === "bars") pen.moveTo(4, 0), pen.lineTo(4, 8);
  if (kind === "crosses") pen.moveTo(0, 0), pen.lineTo(8, 8), pen.moveTo(8, 0), pen.lineTo(0, 8);
  if (kind === "dots") pen.arc(4, 4, 1.6, 0, 7), pen.fill();
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

/** The canvas at the screen's own resolution; returns its pen, in CSS pixels. */
function fitted(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  return pen;
}

/** The lanes from top to bottom: a speaker and their codes, …, both at once, silences, times. */
function rowsOf(session) {
  const coded = new Set(session.utterances.filter((u) => u.codes.length).map((u) => u.who));
  const rows = [];
  session.speakers.forEach(({ name, role }, who) => {
    rows.push({ kind: "speaker", name, role, who });
    if (coded.has(who)) rows.push({ kind: "code", name: "codes", who, sub: true });
  });
  if (session.speakers.length > 1) rows.push({ kind: "both", name: "both at once" });
  rows.push({ kind: "silence", name: "silence 3 s+" });
  if (session.notes.length) rows.push({ kind: "note", name: "notes" });
  rows.push({ kind: "axis", name: "" });
  return rows;
}

function sorted(triples, who) {
  return withLongest(triples.filter(([owner]) => owner === who).map(([, a, b]) => ({ start: a, end: b })));
}

function marksOf(session, who) {
  return session.utterances
    .filter((u) => u.who === who && u.codes.length)
    .map((u) => ({ start: u.start, end: u.end, codes: u.codes.map(([code]) => code) }));
}

function withLongest(list) {
  const items = [...list].sort((a, b) => a.start - b.start);
  items.longest = items.reduce((most, item) => Math.max(most, item.end - item.start), 0);
  return items;
}
