"""The section of the page: everything side by side, as ratios, by recording, as recordings grow, and the machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from bench.parts import START, Part
from bench.rows import GROWN, OURS, SHOWN, Row, burden, common, grown, minutes_of, rows_of, score, value
from toolkit.evaluate.compare import METRICS
from toolkit.evaluate.hard import table
from toolkit.evaluate.study import written
from toolkit.types import Missing

__all__ = ["GIGABYTE", "page"]

GIGABYTE = 1e9
HEADING = "## This toolkit beside its peers"
COSTS = ("over the shortest", "processor time", "peak memory")
MEMORY_GOALS = {60: 2.5, 180: 3.5}  # minutes: GB
HOW = """\
### How it was measured

- This toolkit: `toolkit run` on a fresh study of one session, all stages, codes and measures included.
- faster-whisper: `BatchedInferencePipeline` with its defaults, batches of 8, word times, the same Whisper base in
  int8. Then pyannote's `SpeakerDiarization` as speaker-diarization-3.1 configures it (step 0.1) with the same
  segmentation-3.0 and CAM++ as here, or senko without its warm-up, from which a process for one recording gains
  nothing. A word goes to the speaker with whom it shares most time, which is what whisperX does without its aligner;
  the time of that is not counted.
- The language is told to all, the number of speakers to all but senko, which cannot be told. senko's segments are
  scored twice: merged over pauses of up to 4 s, as its README saves them, and raw.
- Time is from the start of the process to its end, libraries and models loaded each time. *Start* is the time of the
  same command for three seconds of speech; *without start* is less that. Processor time is the sum over cores.
  Memory is the resident memory of the process and its children, looked at ten times a second.
- All are compared with the references by the same functions, those of [accuracy](accuracy.md), which defines them;
  WDER is its *words given to the wrong speaker*. Silences are stretches of 3 s or more without activity."""
LINEAR = 1.15  # times: so much more for a minute of the longest recording than of the shortest is still linear


def side_by_side(rows: Sequence[Row]) -> list[str]:
    """Time, memory and errors, summed over the recordings that all have."""
    sessions = common(rows)
    if not sessions:
        return ["No recording was finished by all."]
    seconds = sum(rows[0].parts[s].duration for s in sessions)
    heads = ["", "time", "RTF", "start", "RTF without start", "processor time", "peak memory", *SHOWN]
    lines = []
    for row in rows:
        wall, net = taken(row, sessions), taken_net(row, sessions)
        cpu = sum(row.parts[s].use.cpu for s in sessions)
        peak = max(row.parts[s].use.peak for s in sessions)
        lines.append(
            [
                row.title,
                f"{wall:.0f} s",
                f"{wall / seconds:.3f}",
                f"{row.start:.1f} s",
                f"{net / seconds:.3f}",
                f"{cpu:.0f} s",
                f"{peak / GIGABYTE:.2f} GB",
                *(written(score(row, sessions, name), METRICS[name].unit) for name in SHOWN.values()),
            ]
        )
    many = f"{len(sessions)} recordings" if len(sessions) > 1 else "One recording"
    told = f"{many}, {seconds / 60:.1f} minutes in all, a process each."
    return [told, "", *table(heads, lines)]


def ratios(rows: Sequence[Row]) -> list[str]:
    """Every other row over ours; above 1 the other takes or errs more."""
    ours = next((row for row in rows if row.chain == OURS), None)
    sessions = common(rows)
    others = [row for row in rows if row.chain != OURS]
    if ours is None or not sessions or not others:
        return []

    def line(head: str, of: Callable[[Row], float | Missing]) -> list[str]:
        own = of(ours)
        return [head, *(over(of(row), own) for row in others)]

    lines = [
        line("time", lambda row: taken(row, sessions)),
        line("time without start", lambda row: taken_net(row, sessions)),
        line("processor time", lambda row: sum(row.parts[s].use.cpu for s in sessions)),
        line("peak memory", lambda row: float(max(row.parts[s].use.peak for s in sessions))),
        *(line(head, lambda row, n=name: value(score(row, sessions, n))) for head, name in SHOWN.items()),
    ]
    note = (
        "Each over this toolkit's: above 1 the other takes more or errs more, but for silences, where more is better."
    )
    return ["### As ratios", "", note, "", *table(["", *(row.title for row in others)], lines), ""]


def over(other: float | Missing, own: float | Missing) -> str:
    """A ratio for the table; a dash where it has no value."""
    if isinstance(other, Missing) or isinstance(own, Missing) or own == 0:
        return "-"
    return f"{other / own:.2f}"


def by_recording(rows: Sequence[Row]) -> list[str]:
    """One line a recording and row."""
    sessions = common(rows)
    if not sessions:
        return []
    lines = [
        [
            session,
            row.title,
            f"{row.parts[session].use.wall / row.parts[session].duration:.3f}",
            *(written(row.scores(session)[name], METRICS[name].unit) for name in SHOWN.values()),
        ]
        for session in sessions
        for row in rows
    ]
    return ["### By recording", "", *table(["recording", "", "RTF", *SHOWN], lines), ""]


def growth(rows: Sequence[Row]) -> list[str]:
    """Time and memory as recordings get longer; without the start, so that a line shows as one."""
    lines = []
    for row in rows:
        for session in grown(row):
            part = row.parts[session]
            rate = row.net(session) / part.duration
            shortest = grown(row)[0]
            first = row.net(shortest) / row.parts[shortest].duration
            lines.append(
                [
                    row.title,
                    f"{part.duration / 60:.1f}",
                    f"{part.use.wall:.0f} s",
                    f"{part.use.wall / part.duration:.3f}",
                    f"{rate:.3f}",
                    f"{rate / first:.2f}" if first else "-",
                    f"{part.use.cpu:.0f} s",
                    f"{part.use.peak / GIGABYTE:.2f} GB",
                    *(written(row.scores(session)[name], METRICS[name].unit) for name in SHOWN.values()),
                ]
            )
    if not lines:
        return []
    heads = ["", "minutes", "time", "RTF", "RTF without start", *COSTS, *SHOWN]
    note = "Sessions of the same two voices one after the other, cut where nobody speaks."
    return ["### As recordings grow", "", note, "", *table(heads, lines), ""]


def goals(rows: Sequence[Row]) -> list[str]:
    """What was asked for, and what was found."""
    ours = next((row for row in rows if row.chain == OURS), None)
    if ours is None:
        return []
    sessions = common(rows)
    lines: list[list[str]] = []
    for other in (row for row in rows if row.chain != OURS and sessions):
        for head, took in (("time", taken), ("time without start", taken_net)):
            theirs, own = took(other, sessions), took(ours, sessions)
            lines.append([head, f"less than {other.title}, {theirs:.0f} s", f"{own:.0f} s", met(own < theirs)])
        spent = [sum(row.parts[s].use.cpu for s in sessions) for row in (other, ours)]
        lines.append(
            [
                "processor time",
                f"less than {other.title}, {spent[0]:.0f} s",
                f"{spent[1]:.0f} s",
                met(spent[1] < spent[0]),
            ]
        )
        for head, name in SHOWN.items():
            lines.append(no_worse(head, other, ours, sessions, name))
        worse = [s for s in sessions if errs_more(other, ours, s)]
        found = f"worse on {', '.join(worse)}" if worse else "on every one"
        lines.append(["DER by recording", f"no more than {other.title}", found, met(not worse)])
    by_length = {minutes_of(s): ours.parts[s] for s in grown(ours)}
    for minutes, limit in MEMORY_GOALS.items():
        if minutes in by_length:
            peak = by_length[minutes].use.peak / GIGABYTE
            told = f"under {limit:g} GB"
            lines.append([f"peak memory, {minutes} minutes", told, f"{peak:.2f} GB", met(peak < limit)])
    if len(by_length) > 1:
        rate = {m: ours.net(p.session) / p.duration for m, p in by_length.items()}
        times = rate[max(rate)] / rate[min(rate)] if rate[min(rate)] else float("nan")
        told = f"at most {LINEAR:g} times, {max(rate)} over {min(rate)} minutes"
        lines.append(["time for a minute", told, f"{times:.2f} times", met(times <= LINEAR)])
    return ["### Goals", "", *table(["measure", "goal", "found", ""], lines), ""] if lines else []


def taken(row: Row, sessions: Sequence[str]) -> float:
    """Seconds for all recordings."""
    return sum(row.parts[s].use.wall for s in sessions)


def taken_net(row: Row, sessions: Sequence[str]) -> float:
    """Seconds for all recordings, without the starts."""
    return sum(row.net(s) for s in sessions)


def no_worse(head: str, other: Row, ours: Row, sessions: Sequence[str], name: str) -> list[str]:
    """The line of one error beside one peer's."""
    theirs, own = score(other, sessions, name), score(ours, sessions, name)
    unit = METRICS[name].unit
    word = "no less than" if unit == "F1" else "no more than"
    good = burden(own) <= burden(theirs)
    return [head, f"{word} {other.title}, {written(theirs, unit)}", written(own, unit), met(good)]


def errs_more(other: Row, ours: Row, session: str) -> bool:
    """Whether our diarization error of a recording is larger."""
    return not burden(ours.scores(session)["der"]) <= burden(other.scores(session)["der"])


def met(reached: bool) -> str:  # noqa: FBT001 - one truth, one word
    """A word for the table."""
    return "met" if reached else "**not met**"


def page(parts: Sequence[Part], titles: Mapping[str, Mapping[str, str]], told: Sequence[str]) -> str:
    """The whole section; the same parts give the same bytes.

    Parameters
    ----------
    parts
        Everything that ran.
    titles
        Chains in order of the tables, and each reading's title.
    told
        Lines about the machine and the versions.
    """
    rows = rows_of(parts, titles)
    failed = [part for part in parts if part.failed]
    lines = [HEADING, "", "Made by this command, not edited by hand:", "", "    make bench", ""]
    lines += goals(rows)
    if any(part.session != START and not part.session.startswith(GROWN) for part in parts):
        lines += ["### Side by side", "", *side_by_side(rows), ""]
    lines += ratios(rows) + growth(rows) + by_recording(rows)
    if failed:
        lines += ["### Failed", ""]
        lines += [f"- {p.chain} on {p.session}, run {p.run}: exit status {p.use.status}" for p in failed] + [""]
    lines += how(parts)
    return "\n".join([*lines, "### Made with", "", *told]) + "\n"


def how(parts: Sequence[Part]) -> list[str]:
    """How it was measured."""
    runs = max((part.run for part in parts), default=1)
    busy = median([part.busy for part in parts]) if parts else 0.0
    most = max((part.busy for part in parts), default=0.0)
    told = f"{runs} runs each, the median shown" if runs > 1 else "One run each"
    return [
        *HOW.splitlines(),
        f"- {told}; the chains took turns on each recording, or ran later where a part was missing.",
        "  Just before the runs other programs kept the processor",
        f"  {busy:.0%} busy (median), {most:.0%} at most, those of lower priority included.",
        "",
    ]
