"""Recognising enrolled voices among the speakers of a session.

How sure it is
--------------
`SLOPE` and `CENTRE` turn a cosine into a likelihood ratio of same against different person; they are the logistic
regression that ``pipelines/measure_voices.py`` fits. A person is one of the speakers or none, all equally likely
before anything was heard, so the chance that it is speaker *i* is ``L_i / (1 + sum of L)``: when two speakers are
alike, because the diarizer has mixed or split them, neither is sure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from toolkit.consent.admit import ConsentedRecording
from toolkit.consent.ledger import parties
from toolkit.consent.records import Party
from toolkit.intervals import subtract, total
from toolkit.settings import RoleSettings, Settings
from toolkit.types import Role, RoleAssignment, RoleSource, SpeakerInterval
from toolkit.voices.describing import LEAST, longest, mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from toolkit.audio import Waveform

__all__ = ["NOBODY", "Heard", "decide", "likelihood", "recognise"]

SLOPE, CENTRE = 14.9, 0.50  # of the logistic regression on cosines, trials over a telephone left out
MOST_SURE = 0.99  # no likeness makes a machine certain


@dataclass(frozen=True, slots=True)
class Heard:
    """What comparing voices gave.

    Attributes
    ----------
    roles
        Speakers whose voice is that of an enrolled person, with that person's role.
    missing
        Roles of enrolled people whose voice no speaker has.
    notes
        What a reader should know, one sentence each, without names.
    """

    roles: Mapping[str, RoleAssignment] = field(default_factory=lambda: MappingProxyType({}))
    missing: frozenset[Role] = frozenset()
    notes: tuple[str, ...] = ()


NOBODY = Heard()


def recognise(
    sound: Waveform, activity: Sequence[SpeakerInterval], consented: ConsentedRecording, settings: Settings
) -> Heard:
    """Compare each speaker with the enrolled voices of this session.

    Nothing is computed, and no model loaded, when there is no voice to compare with: `consent.admit` gives those whose
    consent holds, and of a session with a channel map the speakers are known already.

    Parameters
    ----------
    sound
        The session, mono.
    activity
        Who spoke when, with overlap: only what a speaker says alone is compared.
    consented
        Brings the voices it may be compared with.
    settings
        `roles` and `speakers.device`.

    Raises
    ------
    BackendError
        When the network is not there or fails.
    """
    if not consented.voices or consented.recording.channels or settings.roles.backend == "none":
        return NOBODY
    from toolkit.backends.voiceprint import model_sha256

    model = model_sha256()
    usable = [v for v in consented.voices if v.model_sha256 == model]
    notes = [
        f"The voice of the {spoken(v.party.role)} was enrolled with another model and not compared: enrol it again."
        for v in consented.voices
        if v.model_sha256 != model
    ]
    described = describe_speakers(sound, activity, settings)
    alike = {v.party: {s: cosine(v.embedding, own) for s, own in described.items()} for v in usable}
    found = decide(alike, settings.roles)
    if set(parties(consented.recording)) <= set(alike) and set(described) - set(found.roles):
        notes.append("Not every speaker's voice is one of those enrolled for this session.")
    return Heard(found.roles, found.missing, (*found.notes, *notes))


def decide(alike: Mapping[Party, Mapping[str, float]], settings: RoleSettings) -> Heard:
    """Who is who, from the cosine between each enrolled person and each speaker.

    A person is the likeliest speaker who is alike by `voice_threshold` or more, when that is sure by `min_confidence`.
    Where two people are the same speaker, the one who is more alike is.
    """
    roles: dict[str, RoleAssignment] = {}
    missing: set[Role] = set()
    notes: list[str] = []
    for party in sorted(alike, key=lambda p: -max(alike[p].values(), default=-1.0)):
        row = {s: c for s, c in alike[party].items() if s not in roles}
        best = max(row, key=lambda s: row[s], default="")
        if not best or row[best] < settings.voice_threshold:
            missing.add(party.role)
            notes.append(
                f"The enrolled voice of the {spoken(party.role)} was not heard: somebody else spoke, or the sound is "
                "very unlike that of the enrolment."
            )
            continue
        sure = likelihood(row[best]) / (1.0 + sum(likelihood(c) for c in row.values()))
        if sure < settings.min_confidence:
            notes.append(
                f"The enrolled voice of the {spoken(party.role)} is like a speaker's, but not surely enough to name "
                "one: the diarizer may have mixed or split voices."
            )
            continue
        roles[best] = RoleAssignment(party.role, round(min(MOST_SURE, sure), 4), RoleSource.VOICE)
    return Heard(roles, frozenset(missing), tuple(notes))


def likelihood(alike: float) -> float:
    """How many times likelier a cosine is for one person than for two."""
    return math.exp(SLOPE * (alike - CENTRE))


def describe_speakers(
    sound: Waveform, activity: Sequence[SpeakerInterval], settings: Settings
) -> dict[str, NDArray[np.float64]]:
    """The embedding of each speaker who says enough alone, from their longest stretches."""
    from toolkit.backends.voiceprint import embeddings

    found = {}
    for speaker in sorted({i.speaker for i in activity}):
        others = [i.span for i in activity if i.speaker != speaker]
        alone = subtract((i.span for i in activity if i.speaker == speaker), others)
        parts = longest(alone, most=settings.roles.voice_speech)
        if total(parts) >= LEAST:
            found[speaker] = mean(embeddings(sound, parts, device=settings.speakers.device), parts)
    return found


def cosine(enrolled: Sequence[float], own: NDArray[np.float64]) -> float:
    """Cosine of two embeddings of length 1; -1 when one could not be made."""
    alike = float(sum(a * float(b) for a, b in zip(enrolled, own, strict=True)))
    return -1.0 if math.isnan(alike) else alike


def spoken(role: Role) -> str:
    """A role as a reader says it."""
    return role.value.replace("_", " ")
