"""How numbers, times and roles are written for people, the same in the terminal and in notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.types import Band, RoleSource

__all__ = ["COUNTS", "band_text", "between", "brief", "cell", "clock", "known_from", "number", "person", "printable"]

SHARE = "share"
SECONDS = "s"
SHORT = {"per 100 words": "/100"}
"""Units that in full would leave no room for what is measured."""
KNOWN_FROM = {
    RoleSource.HUMAN: "said by a person",
    RoleSource.CHANNELS: "by channel",
    RoleSource.MANIFEST: "by sessions.csv",
    RoleSource.VOICE: "by voice",
    RoleSource.LEXICAL: "by what was said",
    RoleSource.NONE: "not known",
}
KEPT = "\n\t\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
COUNTS = frozenset(
    {
        "turns",
        "words",
        "utterances",
        "volleys",
        "codes",
        "moments",
        "silences",
        "backchannels",
        "interruptions",
        "speakers",
    }
)


def clock(seconds: float) -> str:
    """A time in the recording as minutes and seconds, with hours when there are any.

    Examples
    --------
    >>> clock(75.4)
    '1:15'
    """
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def number(value: float | None, unit: str) -> str:
    """A value with its unit; an em dash when it is missing.

    Examples
    --------
    >>> number(0.417, "share")
    '41.7 %'
    >>> number(0.247, "s"), number(24.7, "s"), number(None, "s")
    ('0.25 s', '24.7 s', '—')
    """
    if value is None:
        return "—"
    if unit == SHARE:
        return f"{100 * value:.1f} %"
    if unit in COUNTS:
        return f"{value:.0f}"
    if unit == SECONDS:
        return f"{value:.{fine(value)}f} s" if abs(value) < 120 else f"{clock(value)} min"
    if unit == "ratio":
        return f"{value:.2f}"
    named = SHORT.get(unit, f" {unit}")
    return f"{value:.0f}{named}" if value >= 100 else f"{value:.1f}{named}"


def between(low: float, high: float, unit: str) -> str:
    """The ends of an interval, the unit said by the value beside it.

    Examples
    --------
    >>> between(0.325, 0.739, "share")
    '32.5 to 73.9'
    """
    if unit == SHARE:
        return f"{100 * low:.1f} to {100 * high:.1f}"
    digits = 0 if unit in COUNTS else 2 if unit == "ratio" else fine(max(low, high, -low)) if unit == SECONDS else 1
    return f"{low:.{digits}f} to {high:.{digits}f}"


def cell(row: Mapping[str, Any] | None) -> str:
    """A value with its interval, for one cell."""
    if row is None:
        return ""
    text = number(row["value"], row["unit"])
    if row["value"] is None or row["low"] is None:
        return text
    return f"{text} ({between(row['low'], row['high'], row['unit'])})"


def fine(seconds: float) -> int:
    """Digits after the point of seconds: two under one second, as pauses in talk differ by tenths."""
    return 2 if abs(seconds) < 1 else 1


def person(role: str, speaker: str = "") -> str:
    """A role for people; the speaker's label where the role is not known."""
    words = role.replace("_", " ")
    return f"{speaker} (role not known)" if role == "unknown" and speaker else words


def known_from(source: RoleSource) -> str:
    """Where a role comes from, for people."""
    return KNOWN_FROM[source]


def band_text(band: Band, unit: str) -> str:
    """A band as text.

    Examples
    --------
    >>> band_text(Band(2.0, float("inf"), "good", "MITI 4.2.1; expert opinion"), "ratio")
    'good: 2.00 or more'
    >>> band_text(Band(0.0, 0.6, "guidance for beginners", "MISC"), "share")
    'guidance for beginners: under 60 %'
    """
    top = 1.0 if unit == SHARE else float("inf")
    if band.low <= 0:
        return f"{band.label}: under {brief(band.high, unit)}"
    if band.high >= top:
        return f"{band.label}: {brief(band.low, unit)} or more"
    return f"{band.label}: {brief(band.low, unit)} to {brief(band.high, unit)}"


def brief(value: float, unit: str) -> str:
    """A threshold, without digits that are only zeros."""
    return f"{100 * value:.0f} %" if unit == SHARE else number(value, unit)


def printable(text: str) -> str:
    r"""Text from outside without what steers a terminal or a page: control characters, changes of direction.

    Joiners stay, which some scripts are written with.

    Examples
    --------
    >>> printable("a\x1b[2J\u202eb")
    'a�[2J�b'
    """
    return "".join(c if c.isprintable() or c in KEPT else "\N{REPLACEMENT CHARACTER}" for c in text)
