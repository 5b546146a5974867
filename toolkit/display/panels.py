"""Small charts of many sessions, from plain rows: a course, a distribution, values with intervals by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from toolkit.display.charts import COLOURS

if TYPE_CHECKING:
    import altair as alt

__all__ = ["cells_panel", "course_panel", "histogram_panel"]

Rows = Sequence[Mapping[str, Any]]
WIDTH, HEIGHT = 265, 150
EXTENT = 34  # pixels for the numbers of an axis, so that charts stand in line
INK, QUIET, SHADE, OTHERS = "#222222", "#555555", "#DCE9F2", "#8A8A8A"
BLUE = COLOURS["therapist"]
SHAPES = {"first": "circle", "later": "circle", "outside": "diamond", "missing": "cross"}


def written(unit: str) -> str:
    """How the axis of a unit is written."""
    return "~%" if unit == "share" else "~f"


def titled(text: str, unit: str) -> alt.TitleParams:
    """The title of a small chart, with the unit where the axis does not say it."""
    import altair as alt

    known = unit in {"share", "ratio"} or (len(unit) > 2 and unit in text.lower())
    said = text if known else f"{text} ({unit})"
    return alt.TitleParams(text=said, anchor="start", fontSize=13, color=INK, offset=6)


def course_panel(rows: Rows, usual: Mapping[str, float] | None, band: Mapping[str, float] | None, **named: str) -> Any:
    """One measure over a therapist's sessions.

    Parameters
    ----------
    rows
        ``place, value, low, high, state, label`` for every session; `state` is a key of `SHAPES`, and a missing one has
        the foot of the chart as its value.
    usual, band
        ``low, high`` of the own usual range, drawn behind the points, and of the other therapists, drawn at the right
        edge; None where there is none.
    named
        ``title`` and ``unit``.
    """
    import altair as alt

    last = max([r["place"] for r in rows], default=1)
    x = alt.Scale(domain=[0.5, last + 1.5], nice=False)
    places = alt.X(
        "place:Q", scale=x, axis=alt.Axis(title="session", tickMinStep=1, format="d", grid=False, tickCount=6)
    )
    y = alt.Y(
        "value:Q",
        title=None,
        axis=alt.Axis(format=written(named["unit"]), tickCount=4, minExtent=EXTENT),
        scale=alt.Scale(zero=True),
    )
    layers: list[alt.Chart] = []
    if usual is not None:
        ends = alt.Chart(alt.InlineData(values=[{**usual, "from": 0.5, "to": last + 0.75}]))
        layers.append(
            ends.mark_rect(color=SHADE, stroke=BLUE, strokeDash=[3, 3], strokeOpacity=0.5).encode(
                x=alt.X("from:Q", scale=x), x2="to:Q", y=alt.Y("low:Q"), y2="high:Q"
            )
        )
    if band is not None:
        side = alt.Chart(alt.InlineData(values=[{**band, "place": last + 1.15}]))
        layers.append(
            side.mark_rule(strokeWidth=5, color=OTHERS, tooltip=True).encode(x=places, y=alt.Y("low:Q"), y2="high:Q")
        )
    reach = alt.Chart(alt.InlineData(values=[r for r in rows if r["low"] is not None]))
    layers.append(reach.mark_rule(strokeWidth=1, color=QUIET).encode(x=places, y=alt.Y("low:Q"), y2="high:Q"))
    for state, shape in SHAPES.items():
        own = [r for r in rows if r["state"] == state]
        if own:
            look = {"filled": state not in {"first", "missing"}, "size": 110 if state == "outside" else 55}
            layers.append(
                alt.Chart(alt.InlineData(values=own))
                .mark_point(
                    shape=shape, opacity=1, color=QUIET if state == "missing" else BLUE, strokeWidth=1.8, **look
                )
                .encode(x=places, y=y, tooltip=[alt.Tooltip("label:N", title=" ")])
            )
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=titled(named["title"], named["unit"]))


def histogram_panel(bins: Rows, limits: Rows, *, title: str, unit: str) -> Any:
    """How many sessions (or therapists) have which values.

    Parameters
    ----------
    bins
        ``low, high, count, label``.
    limits
        ``at, name`` of lines to draw across: a middle, or a limit.
    title, unit
        Of the measure.
    """
    import altair as alt

    most = max(b["count"] for b in bins)
    x = alt.X(
        "low:Q", axis=alt.Axis(title=None, format=written(unit), tickCount=5, grid=False), scale=alt.Scale(zero=False)
    )
    bars = (
        alt.Chart(alt.InlineData(values=list(bins)))
        .mark_rect(color=BLUE, opacity=0.75, stroke="white", strokeWidth=0.5)
        .encode(
            x=x,
            x2="high:Q",
            y=alt.Y("count:Q", title=None, axis=alt.Axis(format="d", tickCount=min(4, most), minExtent=EXTENT)),
            y2=alt.datum(0),
            tooltip=[alt.Tooltip("label:N", title=" ")],
        )
    )
    lines = alt.Chart(alt.InlineData(values=list(limits)))
    rule = lines.mark_rule(color=INK, strokeDash=[5, 3], strokeWidth=1.5).encode(x="at:Q")
    text = lines.mark_text(align="center", dy=-3, fontSize=11, color=INK, baseline="bottom").encode(
        x="at:Q", y=alt.value(0), text="name:N"
    )
    drawn = [bars, rule, text] if limits else [bars]
    return alt.layer(*drawn).properties(width=WIDTH, height=110, title=titled(title, unit))


def cells_panel(cells: Rows, *, title: str, unit: str, across: bool) -> Any:
    """Values with intervals, by name: names below each other, or `across` as time goes.

    Parameters
    ----------
    cells
        ``name, value, low, high, q1, q3, label``; `low` and `high` may be None.
    title, unit
        Of the measure.
    across
        Whether the names are periods, from left to right, with their middle half behind.
    """
    import altair as alt

    order = [c["name"] for c in cells]
    scale = alt.Scale(domain=order)
    value = {"title": None, "axis": alt.Axis(format=written(unit), tickCount=4, minExtent=EXTENT if across else 0)}
    data = alt.Chart(alt.InlineData(values=list(cells)))
    bounded = alt.Chart(alt.InlineData(values=[c for c in cells if c["low"] is not None]))
    tip = [alt.Tooltip("label:N", title=" ")]
    if across:
        names = alt.X("name:O", sort=order, scale=scale, axis=alt.Axis(title=None, labelAngle=-45, labelOverlap=True))
        half = data.mark_bar(color=SHADE, width={"band": 0.8}).encode(x=names, y=alt.Y("q1:Q", **value), y2="q3:Q")
        line = data.mark_line(color=BLUE, strokeWidth=1.5).encode(x=names, y=alt.Y("value:Q", **value))
        rule = bounded.mark_rule(color=QUIET).encode(x=names, y=alt.Y("low:Q", **value), y2="high:Q")
        mark = data.mark_point(filled=True, size=45, opacity=1, color=BLUE).encode(
            x=names, y=alt.Y("value:Q"), tooltip=tip
        )
        return alt.layer(half, line, rule, mark).properties(width=WIDTH, height=HEIGHT, title=titled(title, unit))
    names = alt.Y("name:O", sort=order, scale=scale, axis=alt.Axis(title=None, labelLimit=90))
    rule = bounded.mark_rule(color=QUIET).encode(
        y=names, x=alt.X("low:Q", scale=alt.Scale(zero=False), **value), x2="high:Q"
    )
    mark = data.mark_point(filled=True, size=55, opacity=1, color=BLUE).encode(
        y=names, x=alt.X("value:Q", scale=alt.Scale(zero=False), **value), tooltip=tip
    )
    height = max(40, 17 * len(order))
    return alt.layer(rule, mark).properties(width=WIDTH - 40, height=height, title=titled(title, unit))
