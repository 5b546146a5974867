"""Transcripts made elsewhere: read through the consent gate, and put in place of the recogniser, the diarizer, or both.

Conventions
-----------
Names that stand in the file stand nowhere else: speakers are called by their role, or ``SPEAKER_00`` in the order in
which they first speak. Words without times of their own share the time of their segment.

With the sound, the words are the file's and when somebody speaks is heard in the sound; the speakers that are heard
are called as those whose words lie in their speech. Without the sound the file says that too, as far as it can: what
it cannot tell is in `Brought.untold`, with the reason, and the measures that need it are missing.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from toolkit.audio import Audio, Waveform, soundless
from toolkit.backends import Diarizer, Progress, Transcriber
from toolkit.backends.files import exclusive
from toolkit.consent.admit import ConsentedRecording, Refusal
from toolkit.errors import InputError
from toolkit.formats import registry
from toolkit.formats.conversation import Conversation, spread
from toolkit.formats.lines import read_text
from toolkit.formats.registry import FORMS, Times
from toolkit.formats.segment import Segment
from toolkit.intervals import milliseconds, union
from toolkit.settings import AudioSettings
from toolkit.types import AttributedWord, Diarization, Need, Recording, Role, SpeakerInterval, Transcript, Word
from toolkit.utterances import heard_end

__all__ = [
    "Brought",
    "ReplayedWords",
    "called",
    "diarizer",
    "labels_of",
    "load",
    "named_by_words",
    "read",
    "silent",
    "transcriber",
]

BRIDGE = 0.3  # s: a shorter hole between two words of a segment is inside speech, as in `toolkit.align`
COARSE = 0.5  # s: where all times are multiples of this, they say nothing of silences and overlaps
FEW = 4  # segments: fewer say nothing about how a file was made
TOUCHING = 0.8  # share of segments that end just where the next begins, above which ends are filled in


@dataclass(frozen=True, slots=True)
class Brought:
    """A transcript as a session has it.

    Attributes
    ----------
    form
        Name of its format.
    sha256
        Digest of its file.
    words
        With their speakers as they are called here, None for nobody; empty where the file holds no text.
    activity
        Who spoke when by the file; empty where it names nobody.
    language
        Code such as ``en``, empty when the file does not say.
    duration
        Seconds up to the end of the last segment.
    untold
        What the file does not tell, with the reason.
    """

    form: str
    sha256: str
    words: tuple[AttributedWord, ...]
    activity: tuple[SpeakerInterval, ...]
    language: str
    duration: float
    untold: Mapping[Need, str]


def load(consented: ConsentedRecording) -> Brought | None:
    """The transcript of a session, None where there is none.

    Raises
    ------
    TypeError
        When given anything but a `ConsentedRecording`: a defect of the caller.
    ConsentError
        When the file is not the one that was admitted.
    InputError
        When it is not as its format has it.
    """
    if not isinstance(consented, ConsentedRecording):
        raise TypeError("transcripts.load takes only what consent.admit makes: a ConsentedRecording")
    recording = consented.recording
    if recording.transcript is None:
        return None
    form, conversation, sha256 = read(recording.transcript.path)
    if sha256 != consented.transcript_sha256:
        raise Refusal(
            recording.session_id,
            "other-recording",
            "the transcript is not the one that consent was checked for",
            hint="Put the right file back, then: toolkit consent check",
        )
    try:
        return brought(conversation, form, recording, sha256)
    except InputError as error:
        raise InputError(f"session {recording.session_id}: {error.message}", hint=error.hint) from None


def read(path: Path) -> tuple[str, Conversation, str]:
    """The format of a file, what it holds, and its digest.

    Raises
    ------
    InputError
        When it cannot be read, or is not as its format has it.
    """
    text = read_text(path)
    form = registry.find(path.name, text)
    return form, registry.load(text, path.name, form), digest(path)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.") from None


def labels_of(conversation: Conversation, given: Mapping[str, Role]) -> tuple[str, ...]:
    """What the speakers of a file are called, in the order in which they first speak.

    Parameters
    ----------
    conversation
        What the file holds.
    given
        Label in the file, in whatever capitals, to role. One that is a role itself needs none.

    Raises
    ------
    InputError
        When a label that was given is not in the file. The labels of the file are not told: they may be names.
    """
    wanted = {label.casefold(): role for label, role in given.items()}
    there = {label.casefold() for label in conversation.speakers}
    for number, label in enumerate(given, start=1):
        if label.casefold() not in there:
            raise InputError(
                f"the file has no speaker of the label in --map number {number}.",
                hint=f"It has {len(there)} speakers; write them as the file does.",
            )
    roles = {str(role): role for role in Role if role is not Role.UNKNOWN}
    counts: Counter[str] = Counter()
    found = []
    for place, label in enumerate(conversation.speakers):
        plain = label.casefold().rstrip("_0123456789")
        role = wanted.get(label.casefold()) or (roles.get(plain) if not wanted else None)
        if role is None:
            found.append(f"SPEAKER_{place:02d}")
            continue
        counts[role] += 1
        found.append(str(role) if counts[role] == 1 else f"{role}_{counts[role]}")
    return tuple(found)


def brought(conversation: Conversation, form: str, recording: Recording, sha256: str) -> Brought:
    """A conversation as a session has it: speakers called as ``sessions.csv`` says, words with times."""
    called_ = called(conversation, recording)
    segments = [replace(s, speaker=called_.get(s.speaker, "")) for s in conversation.segments]
    own_times = bool(conversation.words)
    words = (*conversation.words, *(word for s in without_words(conversation) for word in spread(s)))
    named = tuple(replace(w, speaker=called_.get(w.speaker or "")) for w in words if w.end > w.start)
    activity = active(segments, named if own_times else ())
    if not recording.has_sound and not activity:
        raise InputError("the transcript names no speaker, and there is no sound to find them in.")
    return Brought(
        form=form,
        sha256=sha256,
        words=tuple(sorted(named, key=lambda w: (w.start, w.end))),
        activity=activity,
        language=conversation.language,
        duration=max(conversation.duration, *(s.end for s in segments), *(w.end for w in named), 0.0),
        untold={} if recording.has_sound else untold(segments, form, own_times=own_times),
    )


def without_words(conversation: Conversation) -> tuple[Segment, ...]:
    """Segments in which no word of their speaker has a time of its own."""
    starts: dict[str, list[float]] = {}
    for word in conversation.words:
        starts.setdefault(word.speaker or "", []).append(word.start)
    for own in starts.values():
        own.sort()
    found = []
    for segment in conversation.segments:
        own = starts.get(segment.speaker, [])
        if bisect_left(own, segment.start) == bisect_right(own, segment.end):
            found.append(segment)
    return tuple(found)


def called(conversation: Conversation, recording: Recording) -> dict[str, str]:
    """Label in the file to what the speaker is called here."""
    there = conversation.speakers
    chosen = recording.transcript.speakers if recording.transcript else ()
    if not chosen:
        chosen = labels_of(conversation, {})
    if len(chosen) != len(there):
        raise InputError(
            f"the transcript has {len(there)} speakers, transcript_speakers names {len(chosen)}.",
            hint="Import it again: toolkit import STUDY FILE --session ID --force",
        )
    return dict(zip(there, chosen, strict=True))


def active(segments: Sequence[Segment], words: Sequence[AttributedWord]) -> tuple[SpeakerInterval, ...]:
    """Who spoke when: from words where they have times of their own, else from whole segments."""
    spans: dict[str, list[SpeakerInterval]] = {}
    for word in words:
        if word.speaker:
            interval = SpeakerInterval(word.start, heard_end(word), word.speaker)
            spans.setdefault(word.speaker, []).append(interval)
    if not words:
        for segment in segments:
            if segment.speaker and segment.end > segment.start:
                interval = SpeakerInterval(segment.start, segment.end, segment.speaker)
                spans.setdefault(segment.speaker, []).append(interval)
    found = [
        SpeakerInterval(span.start, span.end, who)
        for who, own in spans.items()
        for span in union((i.span for i in own), gap=BRIDGE if words else 0.0)
    ]
    return tuple(sorted(found, key=lambda i: (i.start, i.end, i.speaker)))


def untold(segments: Sequence[Segment], form: str, *, own_times: bool) -> dict[Need, str]:
    """What a transcript cannot tell without its sound, with the reason."""
    title = FORMS[form].title
    sound = {Need.SOUND: "there is no sound of this session: its transcript was made elsewhere"}
    pauses = {Need.PAUSES: f"the transcript ({title}) gives times of whole utterances, pauses inside them included"}
    edges = sorted({milliseconds(t) for s in segments for t in (s.start, s.end)})
    coarse = len(segments) >= FEW and all(t % milliseconds(COARSE) == 0 for t in edges)
    if coarse:
        step = "whole seconds" if all(t % 1000 == 0 for t in edges) else "half seconds"
        reason = f"the transcript's times are {step}, too coarse for silences and overlaps"
    elif touching(segments):
        reason = "in the transcript each segment ends where the next begins, so it does not say when speech ended"
    elif FORMS[form].times is Times.RECOGNISER:
        reason = (
            f"the transcript's times ({title}) come from a recogniser, which lets the end of a word swallow the "
            "silence after it; with the recording it can be measured"
        )
    else:
        return sound if own_times or form == "rttm" else sound | pauses
    return sound | {Need.PAUSES: reason, Need.SILENCES: reason, Need.TURN_TAKING: reason}


def touching(segments: Sequence[Segment]) -> bool:
    """Whether most segments end just where the next one begins."""
    ordered = sorted(segments, key=lambda s: (s.start, s.end))
    pairs = list(pairwise(ordered))
    same = sum(milliseconds(a.end) == milliseconds(b.start) for a, b in pairs)
    return len(segments) >= FEW and same >= TOUCHING * len(pairs)


def silent(found: Brought, settings: AudioSettings) -> Audio:
    """What stands in place of the sound of a session that has none.

    Raises
    ------
    InputError
        When it is longer than a recording may be.
    """
    if found.duration > settings.max_hours * 3600:
        raise InputError(f"the transcript is longer than {settings.max_hours:g} h (audio.max_hours).")
    heard = soundless(found.duration, container=found.form)
    notes = [f"there is no sound: words and speakers come from a transcript made elsewhere ({FORMS[found.form].title})"]
    return replace(heard, facts=replace(heard.facts, warnings=(*notes, *dict.fromkeys(found.untold.values()))))


class Replayed:
    """A transcript as a part of the chain."""

    def __init__(self, found: Brought) -> None:
        self.found = found

    def describe(self) -> Mapping[str, str]:
        """Name, format and the hash of the file, never its name: that might be somebody's."""
        return {"name": "transcript", "format": self.found.form, "file_sha256": self.found.sha256}


class ReplayedWords(Replayed):
    """The words of a transcript in place of a recogniser's."""

    def transcribe(self, waveform: Waveform, *, language: str, progress: Progress) -> Transcript:
        """The words that lie inside `waveform`; those outside are counted as rejected."""
        kept = tuple(w for w in self.found.words if w.end <= waveform.duration + 0.05)
        progress(waveform.duration)
        code = language or self.found.language
        return Transcript(kept, code, 1.0 if code else 0.0, len(self.found.words) - len(kept))


class ReplayedSpeakers(Replayed):
    """Who spoke when by a transcript, in place of a diarizer."""

    def diarize(
        self,
        waveform: Waveform,
        *,
        min_speakers: int,  # noqa: ARG002 - the protocol's
        max_speakers: int,  # noqa: ARG002
        progress: Progress,
    ) -> Diarization:
        """The intervals of the transcript, cut to the length of `waveform`."""
        inside = (i for i in self.found.activity if i.start < waveform.duration)
        regular = tuple(SpeakerInterval(i.start, min(i.end, waveform.duration), i.speaker) for i in inside)
        progress(waveform.duration)
        return Diarization(regular, exclusive(regular))


def transcriber(found: Brought) -> Transcriber:
    """The words of a transcript in place of a recogniser's."""
    return ReplayedWords(found)


def diarizer(found: Brought) -> Diarizer:
    """Who spoke when by a transcript, in place of a diarizer."""
    return ReplayedSpeakers(found)


def named_by_words(diarization: Diarization, words: Sequence[Word]) -> Diarization:
    """A diarization whose speakers are called as those whose words lie in their speech; each name is given once.

    A speaker in whose speech nobody's words lie keeps the diarizer's label, as all do where words come without
    speakers.
    """
    ordered = sorted(diarization.exclusive, key=lambda i: i.start)
    starts = [i.start for i in ordered]
    votes: Counter[tuple[str, str]] = Counter()
    for word in words:
        middle = (word.start + word.end) / 2
        place = bisect_right(starts, middle) - 1
        if isinstance(word, AttributedWord) and word.speaker and place >= 0 and middle < ordered[place].end:
            votes[ordered[place].speaker, word.speaker] += 1
    names: dict[str, str] = {}
    for (heard, told), _ in sorted(votes.items(), key=lambda v: (-v[1], v[0])):
        if heard not in names and told not in names.values():
            names[heard] = told

    def renamed(intervals: Sequence[SpeakerInterval]) -> tuple[SpeakerInterval, ...]:
        return tuple(replace(i, speaker=names.get(i.speaker, i.speaker)) for i in intervals)

    return Diarization(renamed(diarization.regular), renamed(diarization.exclusive))
