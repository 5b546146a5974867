"""Altair charts from plain rows; colours that hold for colour-blind readers, and never colour alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from toolkit.types import Code

if TYPE_CHECKING:
    import altair as alt

__all__ = ["COLOURS", "balance_chart", "bands_chart", "drift_chart", "timeline_chart"]

# Okabe and Ito's palette: told apart with every kind of colour vision
COLOURS = {
    "therapist": "#0072B2",
    "client": "#E69F00",
    "co_therapist": "#56B4E9",
    "interpreter": "#CC79A7",
    "other": "#999999",
    "unknown": "#999999",
    "silence": "#444444",
}
WIDTH = 860
MOST_TOLD = 14  # windows whose numbers have room beside their bars
Rows = Sequence[Mapping[str, Any]]

SHAPES = (
    *("circle", "square", "cross", "diamond", "triangle-up", "triangle-down", "triangle-right", "triangle-left"),
    *("arrow", "wedge", "stroke"),
)
"""Of the marks of codes: no two codes look the same."""


def timeline_chart(spans: Rows, marks: Rows, *, end: float, start: float = 0.0) -> alt.LayerChart:
    """Who spoke when, silences, and codes, one lane each.

    Parameters
    ----------
    spans
        ``lane, start_minute, end_minute, seconds, colour, what, at`` for every stretch.
    marks
        ``lane, start_minute, what, at`` for every code; `what` is the code's name with spaces.
    start, end
        What of the recording is drawn, seconds. Lanes are those of the whole recording.
    """
    import altair as alt

    lanes = list(dict.fromkeys([*(r["lane"] for r in spans), *(r["lane"] for r in marks)]))
    first, last = start / 60, end / 60
    spans = [
        {**r, "start_minute": max(r["start_minute"], first), "end_minute": min(r["end_minute"], last)}
        for r in spans
        if r["end_minute"] > first and r["start_minute"] < last
    ]
    marks = [r for r in marks if first <= r["start_minute"] < last]
    order = [code.replace("_", " ") for code in Code]
    told = sorted({r["what"] for r in marks}, key=order.index)  # what comes first in the code book is easiest to see
    axis = alt.Axis(title="minutes from the start of the recording", grid=True, tickMinStep=1, format="d")
    scale = alt.Scale(domain=[first, last], nice=False)
    lane = alt.Y("lane:N", sort=lanes, title=None, scale=alt.Scale(domain=lanes), axis=alt.Axis(labelLimit=220))
    bars = (
        alt.Chart(alt.InlineData(values=list(spans)))
        .mark_bar(height={"band": 0.7})
        .encode(
            x=alt.X("start_minute:Q", scale=scale, axis=axis),
            x2="end_minute:Q",
            y=lane,
            color=alt.Color("colour:N", scale=None),
            tooltip=[
                alt.Tooltip("what:N", title=" "),
                alt.Tooltip("at:N", title="at"),
                alt.Tooltip("seconds:Q", format=".1f"),
            ],
        )
    )
    points = (
        alt.Chart(alt.InlineData(values=list(marks)))
        .mark_point(filled=True, size=70, opacity=0.9, color="#222222")
        .encode(
            x=alt.X("start_minute:Q", scale=scale, axis=axis),
            y=lane,
            shape=alt.Shape(
                "what:N",
                title="code",
                scale=alt.Scale(domain=told, range=SHAPES[: len(told)]),
                legend=alt.Legend(orient="bottom", symbolFillColor="#222222", columns=6),
            ),
            tooltip=[alt.Tooltip("what:N", title="code"), alt.Tooltip("at:N", title="at")],
        )
    )
    return (bars + points if marks else alt.layer(bars)).properties(
        width=WIDTH, height=34 * max(1, len(lanes)), title="Who spoke when"
    )


def balance_chart(windows: Rows) -> alt.LayerChart:
    """The therapist's share of speech in each window, beside the middle line.

    Parameters
    ----------
    windows
        ``start_minute, end_minute, share, label`` for every window in which anybody spoke.
    """
    import altair as alt

    data = alt.InlineData(values=list(windows))
    axis = alt.Axis(title="minutes from the start of the recording", tickMinStep=1, format="d")
    x = alt.X("start_minute:Q", axis=axis)
    y = alt.Y("share:Q", title="therapist's share of speech", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    bars = (
        alt.Chart(data)
        .mark_rect(color=COLOURS["therapist"], stroke="white")
        .encode(x=x, x2="end_minute:Q", y=y, y2=alt.datum(0), tooltip=[alt.Tooltip("label:N", title=" ")])
    )
    text = (
        alt.Chart(data)
        .transform_calculate(middle="(datum.start_minute + datum.end_minute) / 2")
        .mark_text(dy=-8, fontSize=12)
        .encode(x="middle:Q", y="share:Q", text=alt.Text("share:Q", format=".0%"))
    )
    half = (
        alt.Chart(alt.InlineData(values=[{"share": 0.5}]))
        .mark_rule(strokeDash=[4, 4], color="#666666")
        .encode(y="share:Q")
    )
    return (bars + text + half).properties(width=WIDTH, height=180, title="Talk balance over the session")


def drift_chart(panels: Sequence[Mapping[str, Any]], *, end: float) -> alt.VConcatChart:
    """One panel for each measure taken window by window, over the same minutes: bars, their numbers, their intervals.

    Parameters
    ----------
    panels
        ``title, unit, colour, rows``; a row has ``start_minute, end_minute, value, low, high, text, label``. A window
        without a value has None there, and its ``text`` stands at the foot of the panel.
    end
        Length of the recording, seconds.
    """
    import altair as alt

    counts = [r["high"] for panel in panels if panel["unit"] != "share" for r in panel["rows"] if r["high"] is not None]
    top = max([1.0, *counts])  # one scale for all counts, so that panels can be compared
    drawn = [drift_panel(panel, end=end, top=top, named=panel is panels[-1]) for panel in panels]
    return alt.vconcat(*drawn, spacing=16).properties(title="Reflections, questions and change talk over the session")


def drift_panel(panel: Mapping[str, Any], *, end: float, top: float, named: bool) -> alt.LayerChart:
    """One panel of `drift_chart`; `named` when the axis of time has its name below it."""
    import altair as alt

    rows = [
        {**r, "middle": (r["start_minute"] + r["end_minute"]) / 2, "foot": r["value"] or 0.0} for r in panel["rows"]
    ]
    share = panel["unit"] == "share"
    minutes = alt.Axis(title="minutes from the start of the recording" if named else None, tickMinStep=1, format="d")
    axis = alt.Axis(format="%" if share else "d", tickMinStep=0 if share else 1, tickCount=4, minExtent=50)
    x = alt.X("start_minute:Q", axis=minutes, scale=alt.Scale(domain=[0, end / 60], nice=False))
    scale = alt.Scale(domain=[0, 1 if share else top], nice=not share)
    y = alt.Y("value:Q", title=panel["title"].splitlines(), axis=axis, scale=scale)
    known = alt.Chart(alt.InlineData(values=[r for r in rows if r["value"] is not None]))
    told = [r for r in rows if r["value"] is None or len(rows) <= MOST_TOLD]
    bars = known.mark_rect(color=panel["colour"], stroke="white").encode(
        x=x, x2="end_minute:Q", y=y, y2=alt.datum(0), tooltip=[alt.Tooltip("label:N", title=" ")]
    )
    limits = known.mark_rule(strokeWidth=1.5, color="#222222").encode(x="middle:Q", y="low:Q", y2="high:Q")
    text = (
        alt.Chart(alt.InlineData(values=told))
        .mark_text(align="left", baseline="bottom", dx=5, dy=-3, fontSize=12, color="#222222")
        .encode(x="start_minute:Q", y="foot:Q", text="text:N", tooltip=[alt.Tooltip("label:N", title=" ")])
    )
    return (bars + limits + text).properties(width=WIDTH, height=110)


def bands_chart(rows: Rows) -> alt.VConcatChart:
    """Each measure on its own scale: its bands as shaded stretches, its interval as a line, its value as a mark.

    Parameters
    ----------
    rows
        ``title, value, low, high, unit, top, text, bands``; a band has ``start, end, name, label, brief``.
    """
    import altair as alt

    return alt.vconcat(*(band_row(row) for row in rows), spacing=14).properties(title="Measures beside their bands")


def band_row(row: Mapping[str, Any]) -> alt.LayerChart:
    """One measure of `bands_chart`."""
    import altair as alt

    scale = alt.Scale(domain=[0, row["top"]], nice=False)
    axis = alt.Axis(format="%" if row["unit"] == "share" else ".1f", title=None, tickCount=6)
    lane = alt.Y(
        "title:N",
        title=None,
        axis=alt.Axis(labelLimit=300, labelFontSize=12, minExtent=300, maxExtent=300, ticks=False, domain=False),
    )
    shades = ["#DCE9F2", "#B5D3E7", "#8FBDDB"]
    bands = [{**b, "title": row["title"], "shade": shades[min(i, 2)]} for i, b in enumerate(row["bands"])]
    widest = max(b["end"] for b in bands)
    layers = [
        alt.Chart(alt.InlineData(values=bands))
        .mark_bar(height=26)
        .encode(
            x=alt.X("start:Q", scale=scale, axis=axis),
            x2="end:Q",
            y=lane,
            color=alt.Color("shade:N", scale=None),
            tooltip=[alt.Tooltip("label:N", title="band")],
        ),
        alt.Chart(alt.InlineData(values=[b for b in bands if b["start"] > 0]))
        .mark_text(align="left", dx=4, dy=-19, fontSize=11, color="#333333")
        .encode(x=alt.X("start:Q", scale=scale), y=lane, text="name:N"),
        *(
            alt.Chart(alt.InlineData(values=[b]))
            .mark_text(align=side, dx=4 if side == "left" else -4, dy=-19, fontSize=11, color="#333333")
            .encode(x=alt.X("end:Q", scale=scale), y=lane, text="brief:N")
            for b, side in ((b, "left" if b["end"] == widest else "right") for b in bands)
            if b["start"] == 0
        ),
    ]
    point = alt.Chart(alt.InlineData(values=[dict(row, bands=None)]))
    if row["low"] is not None:
        layers.append(
            point.mark_rule(strokeWidth=2, color="#222222").encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=lane)
        )
    layers.append(
        point.mark_point(shape="diamond", filled=True, size=130, color="#222222", opacity=1).encode(
            x=alt.X("value:Q", scale=scale), y=lane, tooltip=[alt.Tooltip("text:N", title=" ")]
        )
    )
    return alt.layer(*layers).properties(width=WIDTH - 330, height=44)
