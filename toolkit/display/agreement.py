"""How well people agree with each other and with the machine, for a notebook; `scan` compares, the others show.

Nothing here describes a coder: a coefficient is of a decision, and where it is low the code book is the first suspect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.display.html import Drawing, Page, Part, note, table
from toolkit.study import Study
from toolkit.types import Missing

if TYPE_CHECKING:
    import altair as alt

    from toolkit.evaluate.agreement import Estimate
    from toolkit.evaluate.coders import Comparison, Found
    from toolkit.evaluate.reliability import Coefficient

__all__ = ["chart", "counts", "definitions", "machine", "overview", "people", "scan"]

COLOURS = {"people": "#0072B2", "machine": "#D55E00", "published": "#999999"}  # Okabe and Ito's
HOW = (
    "Draw sessions: toolkit agree sample STUDY --share 0.2 --seed 1 -o plan.csv",
    "Make a pack for each coder: toolkit agree pack STUDY plan.csv -o pack-A --coder A",
    "Set CODINGS above to the filled packs and KEYS to a key, or correct codes in the study, and run this again.",
)
PUBLISHED = "trained people (AnnoMI), Fleiss' kappa"


def scan(study: str | Path, codings: Sequence[str | Path] = (), keys: Sequence[str | Path] = ()) -> Comparison:
    """Compare the codings of people with each other and with the machine's codes of a study.

    Parameters
    ----------
    study
        Folder of the study.
    codings
        Filled sheets, packs or coded CSVs, one for each person; none for those who corrected codes in the study.
    keys
        Of the packs.

    Raises
    ------
    InputError
        When a file cannot be read, or two hold different utterances.
    ConsentError
        When consent covers none of the sessions.
    """
    from toolkit.evaluate import coders

    return coders.gather([Path(p) for p in codings], study=Study.open(Path(study)), keys=[Path(p) for p in keys])


def overview(found: Comparison) -> Page:
    """Who coded how much, and what was left out; how to begin where nobody coded yet."""
    if not found.codings:
        return Page("Nobody coded a second time yet", [*(note(line) for line in HOW), published_table()])
    rows = [
        (
            *(c.name, str(len(c.sessions)), f"{len(c.units)} of {c.listed}", str(c.misplaced) if c.misplaced else ""),
            "yes" if c.blind else "not known: agreement with the machine may be too high",
        )
        for c in found.codings
    ]
    heads = ("coder", "sessions", "utterances coded", "codes left out: not for the role", "coded blind")
    parts = [table("What was coded", heads, rows)]
    if found.left_out:
        parts.append(table("Left out, and why", ("session", "reason"), sorted(found.left_out.items())))
    return Page("", parts)


def published_table() -> Part:
    """What trained people reached, decision by decision."""
    from toolkit.coding.book import AGREEMENT
    from toolkit.evaluate.coders import DECISIONS, published

    rows = [
        (task.title, published(name), AGREEMENT[task.ceiling].source)
        for name, task in DECISIONS.items()
        if task.ceiling
    ]
    return table("What trained people reached", ("decision", "Fleiss' kappa", "source"), rows)


def people(found: Comparison) -> Page:
    """Every coefficient of every decision among the people, with its interval or the reason why it is missing."""
    title = "People with each other"
    if isinstance(found.people, Missing):
        return Page(title, [note(f"Nothing to compare: {found.people.reason}.")])
    return Page(title, tables_of(found.people))


def tables_of(found: Found) -> list[Part]:
    """The coefficients of some coders, those of pairs where there are more than two, and what is missing."""
    from toolkit.evaluate.coders import DECISIONS, published
    from toolkit.evaluate.reliability import COEFFICIENTS

    told = [name for name, one in found.decisions.items() if tells(one)]
    rows = [
        (
            DECISIONS[name].title,
            str(found.decisions[name]["alpha"].n),
            *(bounded(found.decisions[name][kind]) for kind in COEFFICIENTS),
            published(name),
        )
        for name in told
    ]
    heads = ("decision", "utterances", *(kind.title for kind in COEFFICIENTS.values()), PUBLISHED)
    parts = [table("Each with its 90 % interval", heads, rows)] if rows else []
    if len(found.coders) > 2 and rows:
        pairs = list(found.pairs[told[0]])
        rows = [(DECISIONS[name].title, *(bounded(found.pairs[name][pair]) for pair in pairs)) for name in told]
        parts.append(table("Cohen's kappa of each pair", ("decision", *(f"{a}, {b}" for a, b in pairs)), rows))
    gone = [
        (DECISIONS[name].title, one["alpha"].value.reason)
        for name, one in found.decisions.items()
        if isinstance(one["alpha"].value, Missing)
    ]
    return [*parts, table("Missing, and why", ("decision", "reason"), gone)] if gone else parts


def machine(found: Comparison) -> Page:
    """Cohen's kappa and Gwet's AC1 of the machine with each person, beside those of people with each other."""
    from toolkit.evaluate.coders import DECISIONS, published

    title = "The machine with people"
    if isinstance(found.machine, Missing) or not found.machine:
        return Page(title, [note("Nothing to compare: nobody coded anything yet.")])
    rows = []
    for name, task in DECISIONS.items():
        among = None if isinstance(found.people, Missing) else found.people.decisions[name]
        for coder, one in found.machine.items():
            own = one.decisions[name]
            if tells(own):
                cells = (bounded(own["cohen"]), bounded(own["ac1"]), bounded(among["cohen"]) if among else "")
                rows.append((task.title, coder, str(own["cohen"].n), *cells, published(name)))
    if not rows:
        return Page(title, [note("Too few utterances that the machine and a person coded.")])
    heads = ("decision", "with", "utterances", "Cohen's kappa", "Gwet's AC1", "people's Cohen's kappa", PUBLISHED)
    return Page(title, [table("Each with its 90 % interval", heads, rows)])


def counts(found: Comparison) -> Page:
    """ICC(2,1) of the counts of a session, among people and of the machine with each of them."""
    from toolkit.evaluate.coders import COUNTS

    title = "Counts of a session"
    sides = {} if isinstance(found.people, Missing) else {"people with each other": found.people}
    if not isinstance(found.machine, Missing):
        sides |= {f"machine with {name}": one for name, one in found.machine.items()}
    rows = [
        (quantity.title, *(of_counts(one.counts[name]) for one in sides.values()))
        for name, quantity in COUNTS.items()
        if any(not isinstance(one.counts[name].value, Missing) for one in sides.values())
    ]
    if not rows:
        return Page(title, [note("Too few sessions that two coded: ICC(2,1) needs three.")])
    return Page(title, [table("ICC(2,1), its 90 % interval, and how many sessions", ("in a session", *sides), rows)])


def chart(found: Comparison) -> Drawing | Page:
    """Krippendorff's alpha of each decision: people with each other, the machine with each, what was published."""
    rows = [row for side, label, one in sides_of(found) for row in points(side, label, one)]
    if not rows:
        return Page("Agreement", [note("Nothing to draw yet: it needs utterances that two coded.")])
    told = "; ".join(row["label"] for row in rows)
    return Drawing(agreement_chart(rows, published_rows({row["decision"] for row in rows})), f"Agreement: {told}")


def sides_of(found: Comparison) -> list[tuple[str, str, Found]]:
    """People with each other and the machine with each person, with what they are called."""
    among = [] if isinstance(found.people, Missing) else [("people", "people with each other", found.people)]
    if isinstance(found.machine, Missing):
        return among
    return [*among, *(("machine", f"machine with {name}", one) for name, one in found.machine.items())]


def points(side: str, label: str, found: Found) -> list[dict[str, Any]]:
    """One mark a decision."""
    from toolkit.evaluate.coders import DECISIONS

    rows = []
    for name, one in found.decisions.items():
        alpha = one["alpha"]
        if isinstance(alpha.value, Missing):
            continue
        ends = (None, None) if isinstance(alpha.interval, Missing) else (alpha.interval.start, alpha.interval.end)
        rows.append(
            {
                "decision": DECISIONS[name].title,
                "who": label,
                "colour": COLOURS[side],
                "shape": "circle" if side == "people" else "diamond",
                "value": alpha.value,
                "low": ends[0],
                "high": ends[1],
                "label": f"{DECISIONS[name].title}, {label}: {bounded(alpha)}, {alpha.n} utterances",
            }
        )
    return rows


def published_rows(titles: set[str]) -> list[dict[str, Any]]:
    """The published range of each decision that is shown; one number is made as wide as a line."""
    from toolkit.coding.book import AGREEMENT
    from toolkit.evaluate.coders import DECISIONS, published

    found = []
    for name, task in DECISIONS.items():
        if task.title in titles and task.ceiling:
            human = AGREEMENT[task.ceiling]
            label = f"{task.title}, published: {published(name)} ({human.source})"
            ends = {"low": human.kappa_low - 0.006, "high": human.kappa_high + 0.006}
            found.append({"decision": task.title, **ends, "label": label})
    return found


def agreement_chart(rows: Sequence[Mapping[str, Any]], human: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """One lane a decision: intervals as lines, values as circles (people) and diamonds (machine), published as bars."""
    import altair as alt

    order = list(dict.fromkeys(row["decision"] for row in rows))
    who = list(dict.fromkeys(row["who"] for row in rows))
    lowest = min([0.0, *(row["low"] for row in rows if row["low"] is not None), *(row["value"] for row in rows)])
    x = alt.Scale(domain=[max(-1.0, lowest), 1.0], nice=False)
    title = "Krippendorff's alpha; grey: Fleiss' kappa of trained people, published"
    axis = alt.Axis(title=title, values=[tenths / 10 for tenths in range(-10, 11, 2)], format=".1f")
    lane = alt.Y("decision:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, labelFontSize=12))
    place = alt.YOffset("who:N", sort=who, scale=alt.Scale(domain=who))
    tip = [alt.Tooltip("label:N", title=" ")]
    left = max(-1.0, lowest) + 0.25  # words end at their mark, unless they would run over the names of the decisions
    shown = alt.Chart(alt.InlineData(values=[{**row, "words_end": max(row["value"], left)} for row in rows]))
    bars = (
        alt.Chart(alt.InlineData(values=list(human)))
        .mark_bar(color=COLOURS["published"], opacity=0.6, height={"band": 0.9})
        .encode(x=alt.X("low:Q", scale=x, axis=axis), x2="high:Q", y=lane, tooltip=tip)
    )
    limits = (
        alt.Chart(alt.InlineData(values=[row for row in rows if row["low"] is not None]))
        .mark_rule(strokeWidth=2)
        .encode(
            x=alt.X("low:Q", scale=x, axis=axis),
            x2="high:Q",
            y=lane,
            yOffset=place,
            color=alt.Color("colour:N", scale=None),
        )
    )
    marks = shown.mark_point(filled=True, size=90, opacity=1).encode(
        x=alt.X("value:Q", scale=x, axis=axis),
        y=lane,
        yOffset=place,
        color=alt.Color("colour:N", scale=None),
        shape=alt.Shape("shape:N", scale=None),
        tooltip=tip,
    )
    words = shown.mark_text(align="right", dy=-9, dx=-8, fontSize=10, color="#333333").encode(
        x=alt.X("words_end:Q", scale=x, axis=axis), y=lane, yOffset=place, text="who:N"
    )
    height = max(1, len(order)) * (28 * len(who) + 8)
    return alt.layer(bars, limits, marks, words).properties(width=600, height=height, title="Agreement by decision")


def definitions() -> Page:
    """What each coefficient and its interval mean."""
    from toolkit.evaluate.coders import ICC, INTERVAL
    from toolkit.evaluate.reliability import COEFFICIENTS

    rows = [(kind.title, kind.definition, kind.source) for kind in COEFFICIENTS.values()]
    rows.append(("ICC(2,1)", ICC, "Shrout & Fleiss 1979; McGraw & Wong 1996"))
    rows.append(("interval", INTERVAL, "Field & Welsh 2007; Hesterberg 2015"))
    return Page("", [table("What the numbers mean", ("name", "definition", "source"), rows)])


def tells(found: Mapping[str, Coefficient]) -> bool:
    """Whether a decision has a coefficient that takes chance off."""
    return any(not isinstance(one.value, Missing) for name, one in found.items() if name != "agreement")


def bounded(found: Coefficient) -> str:
    """A coefficient with its interval; an em dash where it is missing, a star where utterances were drawn."""
    if isinstance(found.value, Missing):
        return "—"
    if isinstance(found.interval, Missing):
        return f"{found.value:z.2f}"
    star = " *" if found.drawn == "utterances" else ""
    return f"{found.value:z.2f} ({found.interval.start:z.2f} to {found.interval.end:z.2f}){star}"


def of_counts(found: Estimate) -> str:
    """An ICC with its interval and sessions."""
    if isinstance(found.value, Missing):
        return "—"
    ends = "" if isinstance(found.interval, Missing) else f", {found.interval.start:z.2f} to {found.interval.end:z.2f}"
    return f"{found.value:z.2f} ({found.n} sessions{ends})"
