"""Roles: who is the therapist and who the client.

Sources, the most trusted first:

1. the channel map, where a label is a role (``therapist``, ``client_2``);
2. the manifest: what ``sessions.csv`` calls the speakers of a transcript; or a label that is the id of the therapist or
   of a client of this session there, in the channel map or in a replayed diarization. Nothing else there can name a
   speaker, whose label no one knows before the diarizer has run; a person who has listened uses ``toolkit roles set``,
   which goes over all of these;
3. an enrolled voice, where consent allows it (`toolkit.voices`);
4. what is said. Two people are compared with each other: therapists ask, say "you", hand back, open and close the
   session; clients say "I" and tell. Each speaker's cue rates are drawn towards the average by as much as some hundred
   words weigh, so few words give a difference near zero and a confidence near one half. The weights are fitted on
   AnnoMI (``pipelines/train_roles.py``), the result is a log-odds of the pair. The cues of each language are data
   (``lexicons/roles_<language>.toml``); a language without fitted weights of its own has those of English, and its
   log-odds are halved, because nobody has measured them there.

Below ``roles.min_confidence`` a speaker stays unknown: a role is never guessed silently.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolkit.consent.ledger import parties
from toolkit.errors import InputError
from toolkit.role_cues import Cues, count_cues, cues_of, english, language_of
from toolkit.settings import RoleSettings
from toolkit.types import Recording, Role, RoleAssignment, RoleSource, SpokenUtterance
from toolkit.voices.recognising import NOBODY, Heard

__all__ = ["assign", "evidence", "log_odds", "name", "swap"]

UNNAMED = RoleAssignment(Role.UNKNOWN, 0.0, RoleSource.NONE)
OTHER = {Role.THERAPIST: Role.CLIENT, Role.CLIENT: Role.THERAPIST}
OF_LABELS = frozenset(r.value for r in Role if r is not Role.UNKNOWN)
DIARIZED = re.compile(r"SPEAKER_\d+")
LEAST_WORDS = 20  # a speaker of fewer is not named, in any language


def name(
    utterances: Sequence[SpokenUtterance],
    speakers: Sequence[str],
    recording: Recording,
    settings: RoleSettings,
    heard: Heard = NOBODY,
    *,
    own: str = "",
) -> dict[str, RoleAssignment]:
    """Name the role of every speaker.

    Labels that are roles, or ids of the manifest, are taken at their word, and then no other source is asked. Else an
    enrolled voice names its speaker; where it leaves one other, that is the client of a therapist and the
    therapist of a client, unless the other's own voice was enrolled and not heard. What is still open is named by the
    words, only together: of exactly two talkers the likelier therapist and the other as client, with the confidence
    of the pair. Of three or more talkers only a therapist who is confidently likelier than *each* of the rest is named;
    the rest are clients when ``sessions.csv`` names one therapist and just as many people as talk, and stay unknown
    otherwise, because a co-therapist or an interpreter cannot be told from a client. A speaker of almost no words is no
    talker and stays unknown.

    Parameters
    ----------
    utterances
        In order of start; empty when the session has no words.
    speakers
        Every speaker label of the session.
    recording
        Gives channels, ids and language; words in a language without cues of its own name nobody.
    settings
        ``roles.backend = "none"`` leaves all unknown but the channels and the manifest.
    heard
        What comparing with enrolled voices gave.
    own
        Folder of one's own word lists.

    Returns
    -------
    dict
        One assignment a label, in the order of `speakers`. Unknown: confidence 0, source none.
    """
    roles = {s: label_role(s, recording) for s in speakers}
    if any(a.role is not Role.UNKNOWN for a in roles.values()) or settings.backend == "none":
        return roles
    roles |= {s: a for s, a in heard.roles.items() if s in roles}
    talk = {s: [u for u in utterances if u.speaker == s] for s in roles}
    talkers = [s for s in speakers if count_words(talk[s]) >= LEAST_WORDS]
    name_the_other(roles, speakers if len(speakers) == 2 else talkers, heard)
    language = language_of((w.text for u in utterances for w in u.words), said=recording.language, own=own)
    cues = cues_of(language, own) if language else None
    if cues:
        name_by_words(roles, {s: talk[s] for s in sorted(talkers)}, settings, cues)
    name_the_rest(roles, talkers, recording)
    return roles


def label_role(label: str, recording: Recording) -> RoleAssignment:
    """The role that a label names by itself: a role of the channel map or of a transcript, or an id of the manifest.

    The diarizer's own labels (``SPEAKER_00``) say nothing, even where somebody chose such an id.
    """
    bare = label.rstrip("_0123456789")
    if recording.transcript and label in recording.transcript.speakers and bare in OF_LABELS:
        return RoleAssignment(Role(bare), 1.0, RoleSource.MANIFEST)
    if label in recording.channels and bare in OF_LABELS:
        return RoleAssignment(Role(bare), 1.0, RoleSource.CHANNELS)
    if not DIARIZED.fullmatch(label):
        for party in parties(recording):
            if label == party.id:
                return RoleAssignment(party.role, 1.0, RoleSource.MANIFEST)
    return UNNAMED


def name_the_other(roles: dict[str, RoleAssignment], people: Sequence[str], heard: Heard) -> None:
    """Of two people, one of whom a voice has named as therapist or client, the other is the other."""
    open_ = [s for s in people if roles[s].role is Role.UNKNOWN]
    named = [roles[s] for s in people if roles[s].role in OTHER]
    if len(people) == 2 and len(open_) == len(named) == 1 and OTHER[named[0].role] not in heard.missing:
        roles[open_[0]] = replace(named[0], role=OTHER[named[0].role])


def name_by_words(
    roles: dict[str, RoleAssignment],
    talk: Mapping[str, Sequence[SpokenUtterance]],
    settings: RoleSettings,
    cues: Cues,
) -> None:
    """The therapist among the talkers, if nothing has named one yet, and the client of a pair."""
    if len(talk) < 2 or any(a.role is Role.THERAPIST for a in roles.values()):
        return
    scores = {s: score(said, cues) for s, said in talk.items()}
    first, second, *_ = sorted(talk, key=lambda s: scores[s], reverse=True)
    confidence = probability(scores[first] - scores[second])
    if confidence < settings.min_confidence or roles[first].role is not Role.UNKNOWN:
        return
    roles[first] = RoleAssignment(Role.THERAPIST, confidence, RoleSource.LEXICAL)
    if len(talk) == 2 and roles[second].role is Role.UNKNOWN:
        roles[second] = RoleAssignment(Role.CLIENT, confidence, RoleSource.LEXICAL)


def name_the_rest(roles: dict[str, RoleAssignment], talkers: Sequence[str], recording: Recording) -> None:
    """The remaining talkers are clients when the manifest has one therapist and as many people as talk."""
    therapists = [roles[s] for s in talkers if roles[s].role is Role.THERAPIST]
    people = parties(recording)
    if len(therapists) != 1 or sum(p.role is Role.THERAPIST for p in people) != 1 or len(people) != len(talkers):
        return
    for speaker in talkers:
        if roles[speaker].role is Role.UNKNOWN:
            roles[speaker] = replace(therapists[0], role=Role.CLIENT)


def count_words(said: Sequence[SpokenUtterance]) -> int:
    """Words of one speaker."""
    return sum(len(u.words) for u in said)


def evidence(said: Sequence[SpokenUtterance], cues: Cues | None = None) -> dict[str, float]:
    """Rates of all cues in one speaker's talk, as log ratios to the average speaker; English without other cues.

    0 is the average of therapists and clients; the fewer words, the nearer to 0.
    """
    lists = cues or english()
    spoken = [lists.tokens(w.text for w in u.words) for u in said]
    n = sum(len(s) for s in spoken)
    found = count_cues(spoken, lists)
    weight = lists.average_words
    return {cue: math.log((found[cue] + weight * rate) / ((n + weight) * rate)) for cue, rate in lists.average.items()}


def score(said: Sequence[SpokenUtterance], cues: Cues | None = None) -> float:
    """How much one speaker talks like a therapist; only differences mean something."""
    lists = cues or english()
    rates = evidence(said, lists)
    return lists.trust * sum(weight * rates[cue] for cue, weight in lists.weights.items())


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
    if not {Role.THERAPIST, Role.CLIENT} <= {a.role for a in roles.values()}:
        labels = " and ".join(sorted(roles)) or "nobody"
        raise InputError(
            f"there is no therapist and client to swap: {labels} must be named first.",
            hint="Say who is who with: toolkit roles set STUDY SESSION SPEAKER=therapist SPEAKER=client",
        )
    return {s: RoleAssignment(OTHER[a.role], 1.0, RoleSource.HUMAN) if a.role in OTHER else a for s, a in roles.items()}


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
