"""How far a coded measure may be off: intervals from the coder's own probabilities.

A count of codes is an estimate. A coder that gives calibrated probabilities says how often it will be wrong, so what a
trained human would have counted can be drawn: again and again each utterance gets its codes by chance with those
probabilities, units are counted as always, and the measure is taken. A coder that is too eager in one session is so in
all of it, so every draw first shifts all log-odds of a decision by a common amount, whose spread was measured between
held-out sessions (`SPREAD`). For shares and ratios the units are resampled with replacement as well: another stretch
of the same talk would not have held the same ones. A count is of this session alone. The interval reaches from the
lower to the upper quantile of the draws, and always holds the value itself.

So such an interval says how far from the value a trained human's value may be. It says nothing about errors of the
recogniser or of who spoke.

References
----------
Forman (2008), Quantifying counts and costs via classification. Data Min. Knowl. Disc. 17; Bella et al. (2010),
Quantification via probability estimators. ICDM. Efron & Tibshirani (1993), An Introduction to the Bootstrap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.intervals import Span
from toolkit.measures.facts import Facts
from toolkit.types import Chances, Code, Missing

__all__ = ["QUANTIFIED", "interval", "too_uncertain"]

QUANTIFIED = frozenset(
    {
        Code.SIMPLE_REFLECTION,
        Code.COMPLEX_REFLECTION,
        Code.OPEN_QUESTION,
        Code.CLOSED_QUESTION,
        Code.GIVING_INFORMATION,
        Code.CHANGE_TALK,
        Code.SUSTAIN_TALK,
    }
)
"""The codes whose probability a coder may give."""
SPREAD = {
    "reflection": 0.8,
    "complex": 0.6,
    "question": 0.4,
    "open": 0.9,
    "input": 1.0,
    "change": 0.9,
    "sustain": 0.9,
}
"""Standard deviation, in log-odds, of the coder's bias between sessions: what makes 90 % intervals hold the human value
in about 90 % of held-out sessions of AnnoMI (``pipelines/train_coder.py``)."""
DRAWS = 1000
SURE = 1e-4  # no probability is nearer to 0 or 1: no coder is that sure
MOSTLY = 0.9  # of the draws must have a denominator


def interval(
    facts: Facts, units: Sequence[Sequence[int]], top: frozenset[Code], bottom: frozenset[Code]
) -> Span | Missing:
    """The interval of a count (`bottom` empty), share or ratio of codes.

    Parameters
    ----------
    facts
        The session; every utterance of `units` must have chances.
    units
        The utterances of each unit, by index.
    top, bottom
        Codes of numerator and denominator, all of them among `QUANTIFIED`.

    Returns
    -------
    Span or Missing
        Missing when there is no unit, and when in too many draws nothing of `bottom` is found.
    """
    if not units:
        return Missing("nothing was said that could be coded")
    import numpy as np

    drawn = draw(facts, units, resampled=bool(bottom))
    above = sum(drawn[code] for code in top)
    if not bottom:
        return reach(facts, above)
    below = sum(drawn[code] for code in bottom)
    some = below > 0
    if some.mean() < MOSTLY:
        return Missing("too uncertain to show: what it is divided by may well be nothing")
    return reach(facts, np.asarray(above)[some] / np.asarray(below)[some])


def reach(facts: Facts, values: Any) -> Span:
    """From the lower to the upper quantile."""
    import numpy as np

    tail = (1 - facts.settings.measures.confidence_level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Span(float(low), float(high))


def draw(facts: Facts, units: Sequence[Sequence[int]], *, resampled: bool) -> Mapping[Code, Any]:
    """For each code how many units hold it, an array of shape (draws,)."""
    import numpy as np

    likely = chances(facts)
    owner = np.repeat(np.arange(len(units)), [len(u) for u in units])
    odds = np.array([[getattr(likely[i], head) for head in SPREAD] for unit in units for i in unit])
    odds = np.clip(odds, SURE, 1 - SURE)
    odds = np.log(odds / (1 - odds))
    random = np.random.Generator(np.random.PCG64(seed(facts, units)))
    shift = random.standard_normal((DRAWS, 1, len(SPREAD))) * np.array([*SPREAD.values()])
    given = random.random((DRAWS, *odds.shape)) < 1 / (1 + np.exp(-(odds + shift)))
    found = dict(zip(SPREAD, np.moveaxis(given, -1, 0), strict=True))
    firsts = np.flatnonzero(np.diff(owner, prepend=-1))

    def anywhere(flags: Any) -> Any:
        return np.logical_or.reduceat(flags, firsts, axis=1)

    reflects, asks = anywhere(found["reflection"]), anywhere(found["question"])
    deep, opens = anywhere(found["reflection"] & found["complex"]), anywhere(found["question"] & found["open"])
    held = {
        Code.SIMPLE_REFLECTION: reflects & ~deep,
        Code.COMPLEX_REFLECTION: deep,
        Code.OPEN_QUESTION: opens,
        Code.CLOSED_QUESTION: asks & ~opens,
        Code.GIVING_INFORMATION: anywhere(found["input"]),
        Code.CHANGE_TALK: anywhere(found["change"]),
        Code.SUSTAIN_TALK: anywhere(found["sustain"] & ~found["change"]),
    }
    times: Any = 1
    if resampled:
        times = random.multinomial(len(units), np.full(len(units), 1 / len(units)), size=DRAWS)
    return {code: (flags * times).sum(axis=1) for code, flags in held.items()}


def chances(facts: Facts) -> Mapping[int, Chances]:
    """Chances by utterance."""
    codes = facts.dialogue.codes
    if isinstance(codes, Missing):
        return {}
    return {c.utterance: c.chances for c in codes if not isinstance(c.chances, Missing)}


def seed(facts: Facts, units: Sequence[Sequence[int]]) -> int:
    """The same for the same session and units, wherever it is computed."""
    text = f"{facts.dialogue.session_id}:{len(units)}:{units[0][0]}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def too_uncertain(found: Span, *, share: bool, facts: Facts) -> str:
    """Why an interval says nothing, so that its value is better not shown; empty when it says something."""
    settings = facts.settings.measures
    if share and found.end - found.start > settings.share_width_max:
        return (
            f"too uncertain to show: the {settings.confidence_level:.0%} interval is wider than "
            f"{settings.share_width_max:g}"
        )
    if not share and found.end > settings.ratio_factor_max * max(found.start, 1e-9):
        return (
            f"too uncertain to show: the upper end of the {settings.confidence_level:.0%} interval is more than "
            f"{settings.ratio_factor_max:g} times the lower"
        )
    return ""
