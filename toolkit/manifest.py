"""The manifest of one session's results: written last, it says what the tables are made from and vouches for them.

It holds no time of day, no host and no path, so the same inputs give the same bytes. What is missing stands as
``{"missing": "<reason>"}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from toolkit.audio import AudioFacts
from toolkit.errors import StoreError
from toolkit.intervals import Span
from toolkit.result import UNCORRECTED, SessionResult
from toolkit.types import Code, Dialogue, Missing, Need, Provenance, Role, RoleAssignment, RoleSource

__all__ = ["NAME", "SCHEMA_VERSION", "Beneath", "Manifest", "dumps", "of", "parse"]

NAME = "manifest.json"
SCHEMA_VERSION = 5


@dataclass(frozen=True, slots=True)
class Beneath:
    """What the machine's account of a corrected session has beside its tables; as the same fields of `Manifest`."""

    roles: Mapping[str, RoleAssignment]
    counts: Mapping[str, float | Missing]
    absent: Mapping[str, str]
    coded: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands in ``manifest.json``.

    Attributes
    ----------
    key, overlay
        Digest of everything the results depend on, and of the human corrections over them (empty for none).
    counts
        ``words``, ``words_without_speaker``, ``rejected_words`` and ``speech_without_words`` (seconds).
    absent
        Table to the reason why it has no rows or was not written: ``utterances``, ``codes``, ``restricted``; and what
        the session does not tell that measures need, by the names of `Need`.
    coded
        What the coder can find, in alphabetical order: no other code says anything by its absence.
    tables
        Table to the SHA-256 of its file.
    stages
        Of each stage what it read, name to the beginning of a digest: says what changed when results are stale.
    machine
        What the machine made of it where a human's corrections lie over it; missing where there are none.
    """

    schema_version: int
    session_id: str
    key: str
    overlay: str
    provenance: Provenance
    audio: AudioFacts
    language: str
    duration: float
    excluded: tuple[Span, ...]
    roles: Mapping[str, RoleAssignment]
    counts: Mapping[str, float | Missing]
    absent: Mapping[str, str]
    coded: tuple[Code, ...]
    warnings: tuple[str, ...]
    tables: Mapping[str, str]
    stages: Mapping[str, Mapping[str, str]]
    machine: Beneath | Missing = UNCORRECTED

    def uncorrected(self) -> Manifest:
        """The manifest as it would be without corrections."""
        machine = self.machine
        if isinstance(machine, Missing):
            return self
        return replace(
            self, roles=machine.roles, counts=machine.counts, absent=machine.absent, coded=machine.coded, overlay=""
        )


def of(result: SessionResult, *, absent: Mapping[str, str], tables: Mapping[str, str]) -> Manifest:
    """The manifest of a result whose tables have these hashes."""
    dialogue = result.dialogue
    return Manifest(
        schema_version=SCHEMA_VERSION,
        session_id=dialogue.session_id,
        key=result.key,
        overlay=result.overlay,
        provenance=result.provenance,
        audio=result.facts,
        language=result.language,
        duration=round(dialogue.duration, 3),
        excluded=tuple(Span(round(s.start, 3), round(s.end, 3)) for s in dialogue.excluded),
        roles=dialogue.roles,
        counts=counts(dialogue, result),
        absent=absent,
        coded=tuple(sorted(dialogue.coded)),
        warnings=result.warnings,
        tables=tables,
        stages=result.stages,
        machine=beneath(result, absent),
    )


def beneath(result: SessionResult, absent: Mapping[str, str]) -> Beneath | Missing:
    """What stands in the manifest of the machine's account of a corrected session."""
    if isinstance(result.machine, Missing):
        return result.machine
    dialogue = result.machine.dialogue
    empty = (("utterances", dialogue.utterances), ("codes", dialogue.codes))
    return Beneath(
        roles=dialogue.roles,
        counts=counts(dialogue, result),
        absent={
            **{name: reason for name, reason in absent.items() if name in {"restricted", *Need}},
            **{name: value.reason for name, value in empty if isinstance(value, Missing)},
        },
        coded=tuple(sorted(dialogue.coded)),
    )


def counts(dialogue: Dialogue, result: SessionResult) -> dict[str, float | Missing]:
    """What is counted in no table."""
    return {
        "words": word_count(dialogue),
        "words_without_speaker": dialogue.words_without_speaker,
        "rejected_words": result.rejected_words,
        "speech_without_words": rounded(dialogue.speech_without_words),
    }


def word_count(dialogue: Dialogue) -> int | Missing:
    """Words of all utterances and those that fitted nobody; found without text."""
    if isinstance(dialogue.utterances, Missing):
        return dialogue.utterances
    nobody = 0 if isinstance(dialogue.words_without_speaker, Missing) else dialogue.words_without_speaker
    return sum(u.word_count for u in dialogue.utterances) + nobody


def rounded(value: float | Missing) -> float | Missing:
    """Seconds to the millisecond."""
    return value if isinstance(value, Missing) else round(value, 3)


def dumps(manifest: Manifest) -> str:
    """Canonical JSON: keys sorted, one form for every value, so equal manifests have equal bytes."""
    data = plain({f.name: getattr(manifest, f.name) for f in fields(manifest)})
    return json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """A value as JSON knows it."""
    match value:
        case Missing():
            known: Any = {"missing": value.reason}
        case Span():
            known = [value.start, value.end]
        case RoleAssignment():
            known = {"role": str(value.role), "confidence": round(value.confidence, 6), "source": str(value.source)}
        case AudioFacts() | Provenance() | Beneath():
            known = {f.name: plain(getattr(value, f.name)) for f in fields(value)}
        case Mapping():
            known = {str(key): plain(entry) for key, entry in value.items()}
        case list() | tuple():
            known = [plain(entry) for entry in value]
        case _:
            known = value
    return known


def parse(text: str, session_id: str) -> Manifest:
    """Read a manifest back.

    Raises
    ------
    StoreError
        When it is damaged, of another session, or of another schema version.
    """
    damaged = StoreError(
        f"session {session_id}: the results' manifest is damaged.", hint="Run it again: toolkit run STUDY SESSION"
    )
    try:
        data = json.loads(text)
        version = data["schema_version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise damaged from None
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"session {session_id}: results of schema version {version}, this toolkit reads {SCHEMA_VERSION}.",
            hint="Run it again: toolkit run STUDY SESSION",
        )
    try:
        manifest = built(data)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged from None
    if manifest.session_id != session_id:
        raise damaged
    return manifest


def built(data: Mapping[str, Any]) -> Manifest:
    """The manifest that `plain` made the data from."""
    whole = {f.name: data[f.name] for f in fields(Manifest)}
    whole["provenance"] = Provenance(**{**data["provenance"], "purposes": tuple(data["provenance"]["purposes"])})
    facts = {name: found(value) for name, value in data["audio"].items()}
    whole["audio"] = AudioFacts(**{**facts, "warnings": tuple(facts["warnings"])})
    whole["excluded"] = tuple(Span(start, end) for start, end in data["excluded"])
    whole |= of_dialogue(data)
    whole["warnings"] = tuple(data["warnings"])
    under = data["machine"]
    whole["stages"] = {str(stage): dict(parts) for stage, parts in data["stages"].items()}
    whole["machine"] = found(under) if "missing" in under else Beneath(absent=under["absent"], **of_dialogue(under))
    return Manifest(**whole)


def of_dialogue(data: Mapping[str, Any]) -> dict[str, Any]:
    """Roles, counts and what is coded: of the session, or of the machine's account of it."""
    return {
        "roles": {
            speaker: RoleAssignment(Role(a["role"]), a["confidence"], RoleSource(a["source"]))
            for speaker, a in data["roles"].items()
        },
        "counts": {name: found(value) for name, value in data["counts"].items()},
        "coded": tuple(Code(code) for code in data["coded"]),
    }


def found(value: Any) -> Any:
    """A value, or `Missing` where that was written."""
    return Missing(value["missing"]) if isinstance(value, dict) else value
