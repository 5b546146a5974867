"""Roles: who is the therapist and who the client, from the channel map, else from what is said.

Two people are compared with each other: therapists ask, say "you", hand back, open and close the session; clients say
"I" and tell. Each speaker's cue rates are drawn towards the average by as much as a few hundred words weigh, so few
words give a difference near zero and a confidence near one half. The weights were fitted on part of AnnoMI
(``lexicons/roles_en.toml`` says how), the result is a log-odds of the pair. Below ``roles.min_confidence`` both stay
unknown: a role is never guessed silently, and a person may set it with ``toolkit roles``.
"""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from toolkit.coding.plain import tokens
from toolkit.errors import InputError
from toolkit.settings import RoleSettings
from toolkit.types import Recording, Role, RoleAssignment, RoleSource, SpokenUtterance

__all__ = ["assign", "evidence", "log_odds", "name", "swap"]

UNNAMED = RoleAssignment(Role.UNKNOWN, 0.0, RoleSource.NONE)


def name(
    utterances: Sequence[SpokenUtterance], speakers: Sequence[str], recording: Recording, settings: RoleSettings
) -> dict[str, RoleAssignment]:
    """Name the role of every speaker.

    Labels of the recording's channel map that are roles are taken at their word. Everybody else is named only
    together: of exactly two speakers who both talk, the likelier therapist and the other as client, both with the
    confidence of the pair, when it reaches ``min_confidence``. A speaker of almost no words stays unknown and does
    not count as a talker. Of three or more talkers only a therapist who is confidently likelier than *each* of the
    rest is named; the rest stay unknown, because a co-therapist or an interpreter cannot be told from a client.

    Parameters
    ----------
    utterances
        In order of start; empty when the session has no words.
    speakers
        Every speaker label of the session.
    recording
        Gives channels and language; a language other than English leaves all unknown.
    settings
        ``roles.backend = "none"`` leaves all unknown but the channels.

    Returns
    -------
    dict
        One assignment a label, in the order of `speakers`. Unknown: confidence 0, source none.
    """
    roles = {s: channel_role(s) if s in recording.channels else UNNAMED for s in speakers}
    if any(a.source is RoleSource.CHANNELS for a in roles.values()) or settings.backend == "none":
        return roles
    if recording.language and recording.language.lower().replace("_", "-").split("-")[0] != "en":
        return roles
    talk = {s: [u for u in utterances if u.speaker == s] for s in roles}
    least = weights()["least_words"]
    talkers = sorted(s for s, said in talk.items() if count_words(said) >= least)
    if len(talkers) < 2 or not looks_english(utterances):
        return roles
    scores = {s: score(talk[s]) for s in talkers}
    ranked = sorted(talkers, key=lambda s: scores[s], reverse=True)
    confidence = probability(scores[ranked[0]] - scores[ranked[1]])
    if confidence < settings.min_confidence:
        return roles
    roles[ranked[0]] = RoleAssignment(Role.THERAPIST, confidence, RoleSource.LEXICAL)
    if len(talkers) == 2:
        roles[ranked[1]] = RoleAssignment(Role.CLIENT, confidence, RoleSource.LEXICAL)
    return roles


def channel_role(label: str) -> RoleAssignment:
    """The role that a channel's label names, unknown for a label that is no role."""
    if label != Role.UNKNOWN.value and label in {role.value for role in Role}:
        return RoleAssignment(Role(label), 1.0, RoleSource.CHANNELS)
    return UNNAMED


@cache
def weights() -> Mapping[str, Any]:
    """Cues, weights and limits of ``lexicons/roles_en.toml``."""
    return tomllib.loads(files("toolkit").joinpath("lexicons", "roles_en.toml").read_text(encoding="utf-8"))


def count_words(said: Sequence[SpokenUtterance]) -> int:
    """Words of one speaker."""
    return sum(len(u.words) for u in said)


def looks_english(utterances: Sequence[SpokenUtterance]) -> bool:
    """Whether enough of the words are English function words, for a language nobody named."""
    words = [t for u in utterances for t in tokens([w.text for w in u.words])]
    common = frozenset(weights()["function_words"].split())
    return bool(words) and sum(w in common for w in words) >= weights()["least_english"] * len(words)


def evidence(said: Sequence[SpokenUtterance]) -> dict[str, float]:
    """Rates of all cues in one speaker's talk, as log ratios to the average speaker.

    0 is the average of therapists and clients; the fewer words, the nearer to 0.
    """
    lists = weights()
    spoken = [tokens([w.text for w in u.words]) for u in said]
    n = sum(len(s) for s in spoken)
    found = count_cues(spoken)
    weight, average = lists["average_words"], lists["average"]
    return {cue: math.log((found[cue] + weight * rate) / ((n + weight) * rate)) for cue, rate in average.items()}


def count_cues(spoken: Sequence[Sequence[str]]) -> Counter[str]:
    """How often each cue occurs: single words, and phrases of two to four words."""
    singles = {word: cue for cue, words in weights()["words"].items() for word in words.split()}
    phrases = {tuple(p.split()): cue for cue, rows in weights()["phrases"].items() for p in rows}
    found: Counter[str] = Counter()
    for words in spoken:
        found.update(singles[w] for w in words if w in singles)
        for size in (2, 3, 4):
            grams = (tuple(words[i : i + size]) for i in range(len(words) - size + 1))
            found.update(phrases[g] for g in grams if g in phrases)
    return found


def score(said: Sequence[SpokenUtterance]) -> float:
    """How much one speaker talks like a therapist; only differences mean something."""
    rates = evidence(said)
    total: float = sum(weight * rates[cue] for cue, weight in weights()["weights"].items())
    return total


def log_odds(first: Sequence[SpokenUtterance], second: Sequence[SpokenUtterance]) -> float:
    """Log-odds that `first` is the therapist and `second` the client rather than the other way round."""
    return score(first) - score(second)


def probability(odds: float) -> float:
    """Probability of log-odds that are not negative, at most 0.99: no words make a machine certain."""
    return round(min(0.99, 1.0 / (1.0 + math.exp(-odds))), 4)


def swap(roles: Mapping[str, RoleAssignment]) -> dict[str, RoleAssignment]:
    """Exchange therapists and clients; everybody else keeps their role.

    Raises
    ------
    InputError
        When there is no therapist or no client to exchange.
    """
    other = {Role.THERAPIST: Role.CLIENT, Role.CLIENT: Role.THERAPIST}
    if not {Role.THERAPIST, Role.CLIENT} <= {a.role for a in roles.values()}:
        labels = " and ".join(sorted(roles)) or "nobody"
        raise InputError(
            f"there is no therapist and client to swap: {labels} must be named first.",
            hint="Say who is who with: toolkit roles set STUDY SESSION SPEAKER=therapist SPEAKER=client",
        )
    return {s: RoleAssignment(other[a.role], 1.0, RoleSource.HUMAN) if a.role in other else a for s, a in roles.items()}


def assign(roles: Mapping[str, RoleAssignment], chosen: Mapping[str, Role]) -> dict[str, RoleAssignment]:
    """Give speakers the roles a person chose; the others keep theirs.

    Raises
    ------
    InputError
        When a speaker is not in the session.
    """
    strangers = sorted(set(chosen) - set(roles))
    if strangers:
        raise InputError(
            f"no speaker is called {', '.join(strangers)}.", hint=f"Speakers: {', '.join(sorted(roles)) or 'none'}."
        )
    return {s: RoleAssignment(chosen[s], 1.0, RoleSource.HUMAN) if s in chosen else a for s, a in roles.items()}
