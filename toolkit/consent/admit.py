"""The gate: a recording becomes a `ConsentedRecording`, or nothing of it is decoded.

`audio.load` takes only a `ConsentedRecording`, and only `admit` makes one (`admit_voice` one that holds nothing but a
person's own voice, inside a `ConsentedVoice`). What a session may be compared with, the voices its people had enrolled,
comes with it through the same gate. There is no option, setting or
environment variable that goes round it. The type guards against mistakes; it cannot stop somebody who can change the
program or the ledger.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import InitVar, dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO, NoReturn, final

from toolkit.consent import voices
from toolkit.consent.ledger import Ledger, Party, Record, Unreadable, granted, kept_until, parties
from toolkit.consent.voices import Voice
from toolkit.errors import ConsentError, InputError
from toolkit.intervals import Span
from toolkit.types import Purpose, Recording

__all__ = [
    "ConsentedRecording",
    "ConsentedVoice",
    "Fingerprints",
    "Refusal",
    "admit",
    "admit_voice",
    "covered",
    "covered_voice",
    "fingerprint",
    "fingerprints",
    "open_recording",
]

_SEAL = object()
_BLOCK = 1 << 20


class Refusal(ConsentError):  # noqa: N818 - what it is, not only that it failed
    """A refused session or voice; `rule` names the rule in one word, for the audit log and for scripts."""

    def __init__(self, session_id: str, rule: str, reason: str, *, hint: str = "", what: str = "session") -> None:
        self.session_id = session_id
        self.rule = rule
        self.reason = reason
        super().__init__(f"{what} {session_id}: {reason} (rule: {rule}).", hint=hint)


@final
@dataclass(frozen=True, slots=True)
class ConsentedRecording:
    """A recording whose parties all agreed to its being measured. Made in this module only.

    Attributes
    ----------
    recording
        The row of ``sessions.csv``.
    purposes
        What every party has granted and holds today; of a session `Purpose.MEASURE` is always among them.
    excluded
        Portions to silence before any model hears them: disjoint, in order, seconds.
    sha256
        Digest of the file the consent is for, in hexadecimal; of a session without sound that of its transcript.
    voices
        Enrolled voices that its speakers may be compared with: of those who take part and whose own consent to it holds
        today, and none at all unless every party granted `Purpose.VOICEPRINT` for the session.
    transcript_sha256
        Digest of the transcript made elsewhere that the consent is for; empty where there is none.
    """

    recording: Recording
    purposes: frozenset[Purpose]
    excluded: tuple[Span, ...]
    sha256: str
    seal: InitVar[object]
    voices: tuple[Voice, ...] = ()
    transcript_sha256: str = ""

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a ConsentedRecording is made by toolkit.consent.admit only")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a ConsentedRecording stays in its process: hand over the session id and admit it there")


@final
@dataclass(frozen=True, slots=True)
class ConsentedVoice:
    """A recording of one person who agreed that their voice is enrolled. Made by `admit_voice` only."""

    party: Party
    sound: ConsentedRecording
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a ConsentedVoice is made by toolkit.consent.admit_voice only")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a ConsentedVoice stays in its process")


def admit(recording: Recording, ledger: Ledger, *, purposes: Iterable[Purpose], today: date) -> ConsentedRecording:
    """Let a recording in when every party's consent covers it today, and the file is the one they consented to.

    Parameters
    ----------
    recording
        The session asked for.
    ledger
        The study's consent ledger.
    purposes
        What the caller needs; `Purpose.MEASURE` is needed always, `Purpose.TRANSCRIPT` for a transcript made elsewhere.
    today
        The day to judge by.

    Raises
    ------
    Refusal
        With the first rule that refuses, in this order: clock, no-record, an unreadable record's own rule, withdrawn,
        retention-over, party-missing, purpose-not-granted, not-yet-valid, expired, other-recording. A `ConsentError`
        (exit code 3).
    InputError
        When consent is there, but the file is not, or is none that can be read.
    StoreError
        When an enrolled voice of its people cannot be read.
    """
    session_id = recording.session_id
    record = covered(recording, ledger, purposes=purposes, today=today)
    found = fingerprints(recording)
    for kind, path, sha256, consented in (
        ("recording", recording.path, found.recording, record.recording_sha256),
        (
            "transcript",
            recording.transcript.path if recording.transcript else recording.path,
            found.transcript,
            record.transcript_sha256,
        ),
    ):
        if not sha256:
            continue
        if not consented:
            raise Refusal(
                session_id,
                "other-recording",
                f"the consent record does not say for which {'file' if kind == 'recording' else kind} it is",
                hint="Record it with: toolkit consent grant",
            )
        if sha256 != consented:
            raise Refusal(
                session_id,
                "other-recording",
                f"{path.name} is not the file that consent was given for",
                hint="Put the right file back, or withdraw the session and grant again.",
            )
    whole = granted(record, today)
    known = voices.enrolled(ledger, record.parties, today) if Purpose.VOICEPRINT in whole else ()
    return ConsentedRecording(
        recording, whole, record.excluded, found.recording or found.transcript, _SEAL, known, found.transcript
    )


def admit_voice(who: str, path: Path, ledger: Ledger, *, today: date) -> ConsentedVoice:
    """Let a recording in to enrol one person's voice, when that person's own consent covers it today.

    Parameters
    ----------
    who
        The person's pseudonymous id.
    path
        A recording of that person alone.
    ledger
        The study's consent ledger.
    today
        The day to judge by.

    Raises
    ------
    Refusal
        With the first rule that refuses: no-record, an unreadable record's own rule, withdrawn, purpose-not-granted,
        not-yet-valid, expired, other-recording: the recording of a session was given for that session only.
    InputError
        When the recording is not there, or is none that can be read.
    """
    party = covered_voice(who, ledger, today=today)
    recording = Recording(who, path, "", "", "", "", 1, 1, ())
    sha256 = fingerprint(recording)
    for session_id, other in ledger.records.items():
        if isinstance(other, Record) and other.recording_sha256 == sha256:
            reason = f"{path.name} is the recording of session {session_id}, and was consented to for that only"
            raise Refusal(who, "other-recording", reason, hint="Record the person alone.", what="voice of")
    sound = ConsentedRecording(recording, frozenset({Purpose.VOICEPRINT}), (), sha256, _SEAL)
    return ConsentedVoice(party, sound, _SEAL)


def covered_voice(who: str, ledger: Ledger, *, today: date) -> Party:
    """Whose voice may be enrolled today, by all the rules of `admit_voice` but the last: no file is touched.

    Raises
    ------
    Refusal
        With the first rule that refuses.
    """
    record = ledger.people.get(who)
    if record is None:
        hint = f"Record it with: toolkit consent grant-voice STUDY {who}"
        raise Refusal(who, "no-record", "no consent of this person's own is recorded", hint=hint, what="voice of")
    if isinstance(record, Unreadable):
        hint = "Correct consent.toml."
        raise Refusal(who, record.rule, f"consent.toml: {record.reason}", hint=hint, what="voice of")
    if record.withdrawn_on is not None:
        raise Refusal(who, "withdrawn", f"consent was withdrawn on {record.withdrawn_on}", what="voice of")
    try:
        _check_grant(who, record, record.parties[0], Purpose.VOICEPRINT, today=today)
    except Refusal as refusal:
        raise Refusal(who, refusal.rule, refusal.reason, hint=refusal.hint, what="voice of") from None
    return record.parties[0]


def covered(recording: Recording, ledger: Ledger, *, purposes: Iterable[Purpose], today: date) -> Record:
    """The record that covers a session today, by all the rules of `admit` but the last: no file is touched.

    Raises
    ------
    Refusal
        With the first rule that refuses.
    """
    if ledger.behind(today):
        raise Refusal(
            recording.session_id,
            "clock",
            f"today is {today} by this machine, the audit log has a line of {ledger.logged_on}",
            hint="Set the clock.",
        )
    record = _record(recording.session_id, ledger)
    end = kept_until(record)
    if end is not None and end < today:
        hint = "Delete what is left: toolkit retention STUDY --carry-out"
        raise Refusal(recording.session_id, "retention-over", f"it was to be kept until {end} only", hint=hint)
    _check_parties(recording, record)
    brought = () if recording.transcript is None else (Purpose.TRANSCRIPT,)
    needed = [p for p in Purpose if p in {Purpose.MEASURE, *purposes, *brought}]
    for party in record.parties:
        for purpose in needed:
            _check_grant(recording.session_id, record, party, purpose, today=today)
    return record


def _record(session_id: str, ledger: Ledger) -> Record:
    """The session's record, if there is a readable one that was not withdrawn."""
    record = ledger.records.get(session_id)
    if record is None:
        raise Refusal(
            session_id,
            "no-record",
            "no consent is recorded",
            hint=f"Record it with: toolkit consent grant STUDY --session {session_id} --purpose measure",
        )
    if isinstance(record, Unreadable):
        raise Refusal(session_id, record.rule, f"consent.toml: {record.reason}", hint="Correct consent.toml.")
    if record.withdrawn_on is not None:
        raise Refusal(session_id, "withdrawn", f"consent was withdrawn on {record.withdrawn_on}")
    return record


def _check_parties(recording: Recording, record: Record) -> None:
    """Refuse when somebody of ``sessions.csv`` is not in the record."""
    absent = [p for p in parties(recording) if p not in record.parties]
    if absent or not record.parties:
        who = f"the {absent[0].role} {absent[0].id}" if absent else "everybody"
        raise Refusal(
            recording.session_id,
            "party-missing",
            f"{who} is missing in the consent record",
            hint="Does sessions.csv name the right people? Grant again for those who agreed.",
        )


def _check_grant(session_id: str, record: Record, party: Party, purpose: Purpose, *, today: date) -> None:
    """Refuse when a party has not granted a purpose, or none of the grants holds today."""
    grants = [g for g in record.grants if g.party == party and purpose in g.purposes]
    who = f"the {party.role} {party.id}"
    if not grants:
        raise Refusal(session_id, "purpose-not-granted", f"{who} has not granted the purpose {purpose}")
    if any(g.holds(today) for g in grants):
        return
    begins = [g.granted_on for g in grants if g.granted_on > today]
    if begins:
        raise Refusal(session_id, "not-yet-valid", f"what {who} granted for {purpose} begins on {min(begins)}")
    ended = max(g.expires_on for g in grants if g.expires_on is not None)
    raise Refusal(
        session_id, "expired", f"what {who} granted for {purpose} ended on {ended}", hint="Ask again before it is used."
    )


def open_recording(recording: Recording) -> BinaryIO:
    """Open the file of a recording for reading; a pipe, folder or device is refused and never waited for.

    Raises
    ------
    InputError
        When it is not there, is no regular file, or may not be read.
    """
    where = f"session {recording.session_id}: "
    name = recording.path.name
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        handle = os.open(recording.path, flags)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{where}no such recording: {name}.", hint="Has it been moved or renamed?") from None
    except PermissionError:
        raise InputError(f"{where}no permission to read {name}.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{where}{name} cannot be opened: {type(error).__name__}.") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InputError(f"{where}{name} is not a file.", hint="Give the recording itself.")
    return os.fdopen(handle, "rb")


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """SHA-256 of a session's files in hexadecimal, empty for one it does not have."""

    recording: str
    transcript: str


def fingerprints(recording: Recording) -> Fingerprints:
    """Digests of the recording and of the transcript made elsewhere, where there are; raises as `fingerprint`."""
    brought = recording.transcript
    return Fingerprints(
        fingerprint(recording) if recording.has_sound else "",
        "" if brought is None else fingerprint(replace(recording, path=brought.path)),
    )


def fingerprint(recording: Recording) -> str:
    """SHA-256 of a recording's bytes, in hexadecimal; nothing is decoded and memory stays constant.

    Raises
    ------
    InputError
        As `open_recording`, or when the disk fails while reading.
    """
    digest = hashlib.sha256()
    with open_recording(recording) as file:
        try:
            while block := file.read(_BLOCK):
                digest.update(block)
        except OSError as error:
            raise InputError(
                f"session {recording.session_id}: {recording.path.name} cannot be read: {type(error).__name__}."
            ) from None
    return digest.hexdigest()
