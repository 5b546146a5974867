"""How numbers, times and roles are written for people, the same in the terminal and in notebooks."""

from __future__ import annotations

from toolkit.types import Band

__all__ = ["band_text", "clock", "number", "person"]

SHARE = "share"
SECONDS = "s"
COUNTS = frozenset({"count", "turns", "words", "utterances"})


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
    >>> number(None, "s")
    '—'
    """
    if value is None:
        return "—"
    if unit == SHARE:
        return f"{100 * value:.1f} %"
    if unit in COUNTS:
        return f"{value:.0f}"
    if unit == SECONDS:
        return f"{value:.1f} s" if abs(value) < 120 else f"{clock(value)} min"
    return f"{value:.2f}" if unit == "ratio" else f"{value:.1f} {unit}"


def person(role: str, speaker: str = "") -> str:
    """A role for people; the speaker's label where the role is not known."""
    words = role.replace("_", " ")
    return f"{speaker} (role not known)" if role == "unknown" and speaker else words


def band_text(band: Band, unit: str) -> str:
    """A band as text, for instance ``good: 2.00 or more (MITI 4.2.1)``."""
    low, high = number(band.low, unit), number(band.high, unit)
    reach = f"{low} or more" if band.high == float("inf") else f"{low} to {high}"
    if band.low == float("-inf") or (band.low == 0 and unit == SHARE):
        reach = f"under {high}"
    return f"{band.label}: {reach} ({band.scheme})"
