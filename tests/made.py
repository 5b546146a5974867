"""Small results made by hand and by hypothesis, for the tests of tables, store, export and evaluation."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import hypothesis
from hypothesis import strategies as st

from toolkit.audio import AudioFacts
from toolkit.consent import ledger
from toolkit.formats import sessions
from toolkit.intervals import Span
from toolkit.measures import MEASURES
from toolkit.result import SessionResult
from toolkit.study import Study
from toolkit.types import (
    NO_CATEGORY,
    AppliedCode,
    AttributedWord,
    Backchannel,
    Code,
    CodedUtterance,
    Dialogue,
    Interruption,
    Level,
    MeasureValue,
    Missing,
    Provenance,
    Purpose,
    Role,
    RoleAssignment,
    RoleSource,
    Silence,
    SilenceCategory,
    SilenceEvidence,
    SilenceKind,
    SpeakerInterval,
    SpokenUtterance,
    Turn,
    Utterance,
    Wording,
)

hypothesis.settings.register_profile("no deadline", deadline=None)  # no test asserts a time
hypothesis.settings.load_profile("no deadline")

FACTS = AudioFacts("wav", "pcm_s16le", 16000, 1, 20.0, Missing("not said"), 1, "mono", -3.0, -20.5, ("quiet",))
HER, HIM = "SPEAKER_00", "SPEAKER_01"
ROLES = {
    HER: RoleAssignment(Role.THERAPIST, 0.9, RoleSource.LEXICAL),
    HIM: RoleAssignment(Role.CLIENT, 0.9, RoleSource.LEXICAL),
}


def word(start: float, text: str, speaker: str | None) -> AttributedWord:
    return AttributedWord(start, start + 0.4, text, 0.875, speaker)


def spoken(index: int, speaker: str, words: tuple[AttributedWord, ...]) -> SpokenUtterance:
    return SpokenUtterance(index, words[0].start, words[-1].end, speaker, len(words), len(words) + 1, words)


def session_result(session_id: str = "s01", *, text: bool = True, key: str = "k1") -> SessionResult:
    """Two people, three utterances, one open question and one reflection, one silence of 4 s, a word of nobody."""
    first = spoken(0, HER, (word(1.0, "How", HER), word(1.5, "are", HER), word(2.0, "you?", HER)))
    second = spoken(1, HIM, (word(3.0, "=Tired", HIM), word(3.5, "canary", HIM)))
    third = spoken(2, HER, (word(8.0, "You're", HER), word(8.5, "tired.", HER)))
    utterances = (first, second, third)
    words = tuple(sorted((*first.words, *second.words, *third.words, word(9.5, "zz", None)), key=lambda w: w.start))
    dialogue = Dialogue(
        session_id=session_id,
        duration=20.0,
        excluded=(Span(15.0, 16.0),),
        roles=ROLES,
        activity=(SpeakerInterval(1.0, 2.4, HER), SpeakerInterval(3.0, 4.0, HIM), SpeakerInterval(8.0, 9.0, HER)),
        utterances=tuple(u.counts for u in utterances),
        turns=(Turn(0, 1.0, 2.4, HER, 1.4), Turn(1, 3.0, 4.0, HIM, 1.0), Turn(2, 8.0, 9.0, HER, 1.0)),
        backchannels=(Backchannel(3.2, 3.4, HER, heard=True),),
        interruptions=(Interruption(2.3, 2.4, HIM, HER, succeeded=False),),
        silences=(
            Silence(0, 2.4, 3.0, SilenceKind.GAP, HER, HIM, SilenceEvidence.SILENT),
            Silence(1, 4.0, 8.0, SilenceKind.LAPSE, HIM, HER, SilenceEvidence.SILENT),
        ),
        codes=(
            CodedUtterance(0, (AppliedCode(Code.OPEN_QUESTION, "rules", "wh-word", 0, 2, -1),)),
            CodedUtterance(1, ()),
            CodedUtterance(2, (AppliedCode(Code.SIMPLE_REFLECTION, "rules", "second-person", 0, 1, 1),)),
        ),
        words_without_speaker=1,
        speech_without_words=0.25,
    )
    purposes = (Purpose.MEASURE, Purpose.TRANSCRIPT) if text else (Purpose.MEASURE,)
    return SessionResult(
        dialogue=dialogue,
        utterances=utterances,
        words=words,
        measures=measure_values(),
        provenance=Provenance("0.1.0", "ab" * 32, "cd" * 32, {"words": "ef" * 32}, {"polars": "2.1.0"}, purposes),
        key=key,
        overlay="",
        facts=FACTS,
        language="en",
        rejected_words=2,
        warnings=("Two words were left out.",),
    )


def measure_values() -> tuple[MeasureValue, ...]:
    """One value for every measure of the registry; every third is missing."""
    none, whole = Missing("no ratio"), Span(1.0, 9.0)
    values = []
    for position, (name, measure) in enumerate(MEASURES.items()):
        roles = ("client", "therapist") if measure.level is Level.ROLE else ("session",)
        for role in roles:
            value = Missing("nothing was asked") if position % 3 == 2 else 0.5 + position
            parts = (1.0 + 2 * position, 2.0) if position % 3 == 0 else (none, none)
            interval = Span(0.25, 100.5) if position % 3 == 0 else Missing("one value has no interval")
            sure = Missing("nothing was counted") if position % 4 else position / len(MEASURES)
            values.append(MeasureValue(name, role, value, position, *parts, interval, whole, sure))
    return tuple(values)


def study_with(folder: Path, *results: SessionResult, purposes: frozenset[Purpose] = frozenset(Purpose)) -> Study:
    """A new study that has a recording, a row and consent for each result; nothing is published."""
    study = Study.create(folder)
    for result in results:
        add(study, result.dialogue.session_id, purposes=purposes)
    return study


def add(study: Study, session_id: str, *, purposes: frozenset[Purpose], on: date = date(2026, 1, 1)) -> None:
    """Add a session with consent."""
    recording = study.recordings_folder / f"{session_id}.wav"
    recording.write_bytes(session_id.encode())
    row = {
        "session_id": session_id,
        "recording": str(recording.relative_to(study.root)),
        "therapist": "T1",
        "client": "C1",
    }
    sessions.append(study.sessions_file, row)
    grant(study, session_id, purposes, on=on)


def grant(study: Study, session_id: str, purposes: frozenset[Purpose], *, on: date = date(2026, 1, 1)) -> None:
    """Make the session's record one grant of both parties, nothing else."""
    by = ledger.parties(study.recording(session_id))
    given = ledger.Grant(by[0], purposes, on, None)
    digest = hashlib.sha256(session_id.encode()).hexdigest()
    record = ledger.grant(None, given, by=by, recording_sha256=digest)
    ledger.save(study.consent_file, study.ledger().replace(session_id, record))


def withdraw(study: Study, session_id: str) -> None:
    """Write a withdrawal into the ledger."""
    known = study.ledger()
    record = known.record(session_id)
    assert record is not None
    ledger.save(study.consent_file, known.replace(session_id, replace(record, withdrawn_on=date(2026, 2, 1))))


# hypothesis: times in whole milliseconds, so that a round trip is exact

MILLI = st.integers(0, 4 * 3600 * 1000)
SPEAKERS = st.sampled_from([HER, HIM, "SPEAKER_02"])
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@st.composite
def spans(draw: st.DrawFn, longest: int = 60_000) -> Span:
    start = draw(MILLI)
    return Span(start / 1000, (start + draw(st.integers(1, longest))) / 1000)


@st.composite
def activities(draw: st.DrawFn) -> tuple[SpeakerInterval, ...]:
    drawn = draw(st.lists(st.tuples(spans(), SPEAKERS), max_size=8))
    return tuple(
        sorted((SpeakerInterval(s.start, s.end, who) for s, who in drawn), key=lambda i: (i.start, i.end, i.speaker))
    )


WORDINGS = st.builds(Wording, **{f.name: st.integers(0, 5) for f in fields(Wording)})


@st.composite
def dialogues(draw: st.DrawFn) -> Dialogue:
    """Any dialogue whose parts are in order of start, as the chain makes them."""

    def in_order(count: int = 6) -> list[tuple[Span, str]]:
        return draw(
            st.lists(st.tuples(spans(), SPEAKERS), max_size=count).map(lambda x: sorted(x, key=lambda p: p[0].start))
        )

    missing = st.builds(Missing, st.text(min_size=1, max_size=20))
    said = in_order()
    utterances = tuple(
        Utterance(i, s.start, s.end, who, draw(st.integers(5, 50)), draw(st.integers(0, 90)), wording=draw(WORDINGS))
        for i, (s, who) in enumerate(said)
    )
    counts = st.integers(0, 30)
    code = st.builds(AppliedCode, st.sampled_from(Code), TEXT, TEXT, counts, counts, st.integers(-1, 5))
    codes = tuple(CodedUtterance(u.index, tuple(draw(st.lists(code, max_size=3)))) for u in utterances)
    no_words = draw(st.none() | missing)
    no_codes = no_words or draw(st.none() | missing)
    return Dialogue(
        session_id="s01",
        duration=draw(MILLI) / 1000,
        excluded=tuple(draw(st.lists(spans(), max_size=2))),
        roles=draw(
            st.dictionaries(
                SPEAKERS,
                st.builds(
                    RoleAssignment,
                    st.sampled_from(Role),
                    st.integers(0, 1000).map(lambda x: x / 1000),
                    st.sampled_from(RoleSource),
                ),
            )
        ),
        activity=draw(activities()),
        utterances=no_words or utterances,
        turns=tuple(Turn(i, s.start, s.end, who, draw(MILLI) / 1000) for i, (s, who) in enumerate(in_order())),
        backchannels=tuple(Backchannel(s.start, s.end, who, draw(st.booleans())) for s, who in in_order()),
        interruptions=tuple(
            Interruption(s.start, s.end, who, draw(SPEAKERS), draw(st.booleans())) for s, who in in_order()
        ),
        silences=tuple(
            Silence(
                i,
                s.start,
                s.end,
                draw(st.sampled_from(SilenceKind)),
                who,
                draw(SPEAKERS),
                draw(st.sampled_from(SilenceEvidence)),
                draw(st.just(NO_CATEGORY) | st.sampled_from(SilenceCategory)),
            )
            for i, (s, who) in enumerate(in_order())
        ),
        codes=no_codes or codes,
        words_without_speaker=no_words or draw(counts),
        speech_without_words=no_words or draw(MILLI) / 1000,
        confirmed=draw(activities()),
    )
