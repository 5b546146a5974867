"""Corrections laid over a session: what moves, what stays, and what is said of it. Worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from builders import SETTINGS, activity, roles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit import overlay, silences, turns, utterances
from toolkit.intervals import Span, milliseconds, total, union
from toolkit.overlay import Corrections, Laid, What
from toolkit.types import (
    NO_CHANCES,
    Account,
    AppliedCode,
    AttributedWord,
    Chances,
    Code,
    CodedUtterance,
    Dialogue,
    Missing,
    Role,
    RoleSource,
    Silence,
    SilenceCategory,
    SilenceEvidence,
    SpeakerInterval,
    Turn,
)

NAMED = {"A": Role.THERAPIST, "B": Role.CLIENT}
GONE = Missing("consent does not cover a transcript")
MAYBE = Chances(
    reflection=0.6, complex=0.5, question=0.5, open=0.5, input=0.1, main_reflection=0.4, main_question=0.3,
    main_input=0.2, main_other=0.1, change=0.2, sustain=0.2,
)  # fmt: skip


def words(*said: str) -> tuple[AttributedWord, ...]:
    """Words from ``"A 1.5 three words here"``: half a second each, 0.4 s long; a speaker ``-`` is nobody."""
    found = []
    for line in said:
        who, start, *texts = line.split()
        for place, text in enumerate(texts):
            at = round(float(start) + 0.5 * place, 3)
            found.append(AttributedWord(at, round(at + 0.4, 3), text, 0.9, None if who == "-" else who))
    return tuple(sorted(found, key=lambda w: (w.start, w.end)))


def account(
    said: Sequence[AttributedWord],
    speech: Sequence[SpeakerInterval],
    codes: Mapping[int, Sequence[AppliedCode]] | None = None,
    *,
    named: Mapping[str, Role] = NAMED,
    excluded: Sequence[Span] = (),
    chances: Chances | Missing = NO_CHANCES,
) -> Account:
    """The machine's account of a session, made of words and speech with the real code."""
    spoken = utterances.split(said, SETTINGS.dialogue, language="en")
    floor = turns.build(speech, spoken, SETTINGS.dialogue, language="en", excluded=excluded)
    given_codes = codes or {}
    dialogue = Dialogue(
        session_id="s01",
        duration=60.0,
        excluded=tuple(excluded),
        roles=roles(named),
        activity=tuple(speech),
        utterances=tuple(u.counts for u in spoken),
        turns=floor.turns,
        backchannels=floor.backchannels,
        interruptions=floor.interruptions,
        silences=silences.find(speech, floor.turns, excluded, SETTINGS.dialogue),
        codes=tuple(CodedUtterance(u.index, tuple(given_codes.get(u.index, ())), chances) for u in spoken),
        words_without_speaker=sum(w.speaker is None for w in said),
        speech_without_words=0.0,
    )
    return Account(dialogue, spoken, tuple(said))


def counts_only(machine: Account) -> Account:
    """The same where consent does not cover a transcript."""
    return replace(machine, utterances=GONE, words=GONE)


def lay(machine: Account, said: Mapping[What, Mapping[str, str]]) -> Laid:
    return overlay.lay(machine, Corrections(said), SETTINGS.dialogue, language="en")


def code(name: Code, first: int, last: int, answers: int = -1) -> AppliedCode:
    return AppliedCode(name, "rules", "rule", first, last, answers)


def heard(dialogue: Dialogue) -> list[tuple[str, float, float]]:
    return [(i.speaker, i.start, i.end) for i in dialogue.activity]


def floor(dialogue: Dialogue) -> list[tuple[str, float, float, float]]:
    return [(t.speaker, t.start, t.end, t.speech_time) for t in dialogue.turns]


def texts(found: Account) -> list[tuple[str, str]]:
    assert not isinstance(found.utterances, Missing)
    return [(u.speaker, u.text) for u in found.utterances]


# the last word of a turn was given to the other person

LATE = account(
    words("A 0 I went home. So", "B 2 you felt tired?"),
    activity("A 0-1.9, B 2-3.4"),
    {0: [code(Code.OTHER, 0, 2)], 1: [code(Code.NEUTRAL, 0, 0)], 2: [code(Code.SIMPLE_REFLECTION, 0, 2, 0)]},
)


def test_a_word_goes_to_another_speaker_with_the_speech_under_it() -> None:
    found = lay(LATE, {What.WORD: {"1.500": "B"}})
    dialogue = found.account.dialogue
    # the border lies half-way between the end of "home." (1.4) and the start of "So" (1.5)
    assert heard(dialogue) == [("A", 0.0, 1.45), ("B", 1.45, 1.9), ("B", 2.0, 3.4)]
    assert floor(dialogue) == [("A", 0.0, 1.45, 1.45), ("B", 1.45, 3.4, 1.85)]
    assert texts(found.account) == [("A", "I went home."), ("B", "So you felt tired?")]
    assert dialogue.confirmed == (SpeakerInterval(1.45, 1.9, "B"),)
    (hole,) = dialogue.silences
    assert (hole.start, hole.end, hole.before, hole.after, hole.kind) == (1.9, 2.0, "B", "B", "pause")
    assert found.lost == ()


def test_codes_go_with_the_words_they_were_found_in() -> None:
    found = lay(LATE, {What.WORD: {"1.500": "B"}})
    codes = found.account.dialogue.codes
    assert not isinstance(codes, Missing)
    assert codes[0].codes == (code(Code.OTHER, 0, 2),)
    # "So" brings its own code, and the three words of the reflection now stand one further on
    assert codes[1].codes == (code(Code.NEUTRAL, 0, 0), code(Code.SIMPLE_REFLECTION, 1, 3, 0))
    assert found.unread == 1  # no coder read "So you felt tired?" as one


def test_nothing_moves_and_nothing_is_lost_where_nobody_said_anything() -> None:
    found = lay(LATE, {})
    assert found.account == LATE
    assert (found.lost, found.unread) == ((), 0)


def test_to_give_a_word_to_the_speaker_it_has_only_confirms_it() -> None:
    found = lay(LATE, {What.WORD: {"1.500": "A"}, What.TURN: {"2.000": "B"}})
    assert found.account == replace(LATE, dialogue=replace(LATE.dialogue, confirmed=found.account.dialogue.confirmed))
    assert found.account.dialogue.confirmed == (SpeakerInterval(1.45, 1.9, "A"), SpeakerInterval(2.0, 3.4, "B"))


def test_a_word_of_nobody_takes_no_speech_along() -> None:
    machine = account(words("A 0 hello there", "- 5 what?"), activity("A 0-0.9"))
    found = lay(machine, {What.WORD: {"5.000": "B"}}).account
    assert heard(found.dialogue) == [("A", 0.0, 0.9)]
    assert found.dialogue.words_without_speaker == 0
    assert texts(found) == [("A", "hello there"), ("B", "what?")]
    assert found.dialogue.confirmed == ()


# three turns; the middle one belongs to the person around it

MIDDLE = account(
    words("A 0 tell me more please", "B 2.5 about the week", "A 4.5 and your sleep now"),
    activity("A 0-1.9, B 2.5-3.9, A 4.5-6.4"),
    {0: [code(Code.OPEN_QUESTION, 0, 3)], 1: [code(Code.NEUTRAL, 0, 2)], 2: [code(Code.OTHER, 0, 3)]},
)


def test_a_turn_takes_along_its_speech_and_its_words_and_joins_its_neighbours() -> None:
    found = lay(MIDDLE, {What.TURN: {"2.500": "A"}}).account
    assert heard(found.dialogue) == [("A", 0.0, 1.9), ("A", 2.5, 3.9), ("A", 4.5, 6.4)]
    assert floor(found.dialogue) == [("A", 0.0, 6.4, 5.2)]
    assert texts(found) == [("A", "tell me more please about the week and your sleep now")]
    assert [(s.before, s.after, s.kind) for s in found.dialogue.silences] == [("A", "A", "pause")] * 2
    assert set(found.dialogue.roles) == {"A"}  # nothing is left of B
    (coded,) = found.dialogue.codes if not isinstance(found.dialogue.codes, Missing) else ()
    assert [(a.code, a.first_word, a.last_word) for a in coded.codes] == [
        (Code.OPEN_QUESTION, 0, 3), (Code.NEUTRAL, 4, 6), (Code.OTHER, 7, 10),
    ]  # fmt: skip


def test_without_words_whole_utterances_go_with_their_turn_and_the_floor_is_the_same() -> None:
    found = lay(counts_only(MIDDLE), {What.TURN: {"2.500": "A"}})
    assert floor(found.account.dialogue) == [("A", 0.0, 6.4, 5.2)]
    said = found.account.dialogue.utterances
    assert not isinstance(said, Missing)
    assert [(u.speaker, u.word_count) for u in said] == [("A", 4), ("A", 3), ("A", 4)]
    assert found.account.dialogue.codes == MIDDLE.dialogue.codes
    assert found.unread == 0
    assert found.account.words == GONE


def test_without_words_a_word_cannot_be_given_and_that_is_told() -> None:
    found = lay(counts_only(MIDDLE), {What.WORD: {"2.500": "A"}})
    assert [(c.what, c.target) for c in found.lost] == [(What.WORD, "2.500")]
    assert found.account.dialogue.activity == MIDDLE.dialogue.activity


def test_without_words_a_portion_excluded_in_between_keeps_turns_apart() -> None:
    machine = counts_only(
        account(words("A 0 tell me", "B 3 of it"), activity("A 0-0.9, B 3-3.9"), excluded=[Span(1.5, 2.5)])
    )
    found = lay(machine, {What.TURN: {"3.000": "A"}}).account.dialogue
    assert floor(found) == [("A", 0.0, 0.9, 0.9), ("A", 3.0, 3.9, 0.9)]


def test_without_words_nobody_supports_or_interrupts_oneself() -> None:
    said = words("A 0 this is a long story", "B 1 mhm", "B 2.6 wait now stop", "A 5 yes go on")
    machine = counts_only(account(said, activity("A 0-3.4, B 1-1.4, B 2.6-4, A 5-6.4")))
    assert [(b.speaker, b.start) for b in machine.dialogue.backchannels] == [("B", 1.0)]
    assert [(i.speaker, i.interrupted) for i in machine.dialogue.interruptions] == [("B", "A")]
    theirs = lay(machine, {What.TURN: {"0.000": "B"}}).account.dialogue
    assert (theirs.backchannels, theirs.interruptions) == ((), ())
    # speech of B: 0-3.4 (with the mhm in it) and on to 4.0
    assert floor(theirs) == [("B", 0.0, 4.0, 4.0), ("A", 5.0, 6.4, 1.4)]
    both = lay(machine, {What.TURN: {"0.000": "C"}}).account.dialogue
    assert [(b.speaker, b.start) for b in both.backchannels] == [("B", 1.0)]
    assert [(i.speaker, i.interrupted) for i in both.interruptions] == [("B", "C")]


def test_a_session_without_any_words_is_built_anew_from_speech() -> None:
    none = Missing("the session has no words")
    speech = activity("A 0-1.9, B 2.5-2.8, A 3.1-5")
    built = turns.build(speech, none, SETTINGS.dialogue, language="en")
    machine = replace(
        MIDDLE,
        dialogue=replace(
            MIDDLE.dialogue, activity=speech, utterances=none, codes=none, turns=built.turns,
            backchannels=built.backchannels, silences=silences.find(speech, built.turns, (), SETTINGS.dialogue),
        ),
        utterances=none,
        words=none,
    )  # fmt: skip
    assert len(built.backchannels) == 1
    found = lay(machine, {What.TURN: {"0.000": "C"}}).account.dialogue
    assert [(t.speaker, t.start, t.end) for t in found.turns] == [("C", 0.0, 5.0)]
    assert found.backchannels == machine.dialogue.backchannels
    assert isinstance(found.codes, Missing)


def test_a_word_goes_its_own_way_whatever_is_said_of_its_turn() -> None:
    found = lay(MIDDLE, {What.TURN: {"2.500": "A"}, What.WORD: {"3.500": "B"}}).account
    # week starts at 3.5; the border to "the" (until 3.4) is 3.45
    assert heard(found.dialogue) == [("A", 0.0, 1.9), ("A", 2.5, 3.45), ("B", 3.45, 3.9), ("A", 4.5, 6.4)]
    assert [who for who, _ in texts(found)] == ["A", "B", "A"]


def test_a_new_speaker_comes_in_without_a_role_until_one_is_said() -> None:
    found = lay(MIDDLE, {What.TURN: {"2.500": "C"}}).account.dialogue
    assert found.roles["C"].role is Role.UNKNOWN
    named = lay(MIDDLE, {What.TURN: {"2.500": "C"}, What.ROLE: {"C": "interpreter"}})
    assert named.account.dialogue.roles["C"].role is Role.INTERPRETER
    assert named.account.dialogue.roles["C"].source is RoleSource.HUMAN
    assert named.lost == ()


def test_what_the_cross_check_found_in_a_silence_stays() -> None:
    noisy = tuple(replace(s, evidence=SilenceEvidence.NOISE) for s in MIDDLE.dialogue.silences)
    machine = replace(MIDDLE, dialogue=replace(MIDDLE.dialogue, silences=noisy))
    found = lay(machine, {What.TURN: {"2.500": "A"}}).account.dialogue
    assert {s.evidence for s in found.silences} == {SilenceEvidence.NOISE}


def test_times_to_the_last_bit_come_to_the_same_as_those_of_the_tables() -> None:
    exact = replace(
        MIDDLE,
        words=tuple(replace(w, start=w.start + 0.0002, end=w.end + 0.0002) for w in MIDDLE.words or ()),
        utterances=tuple(
            replace(u, words=tuple(replace(w, start=w.start + 0.0002, end=w.end + 0.0002) for w in u.words))
            for u in MIDDLE.utterances or ()
        ),
    )
    said = {What.TURN: {"2.500": "A"}, What.WORD: {"0.500": "B"}}
    assert lay(exact, said).account == lay(MIDDLE, said).account


def test_facilitate_stays_only_where_all_words_only_listen() -> None:
    machine = account(
        words("A 0 mhm", "B 0.6 yes I see", "A 5 fine then"),
        activity("A 0-0.4, B 0.6-2, A 5-5.9"),
        {0: [code(Code.FACILITATE, 0, 0)], 1: [code(Code.NEUTRAL, 0, 2)]},
    )
    found = lay(machine, {What.WORD: {"0.000": "B"}}).account
    assert texts(found)[0] == ("B", "mhm yes I see")
    codes = found.dialogue.codes
    assert not isinstance(codes, Missing)
    assert [a.code for a in codes[0].codes] == [Code.NEUTRAL]


# codes by hand


def coded(found: Laid, index: int) -> CodedUtterance:
    assert not isinstance(found.account.dialogue.codes, Missing)
    return next(c for c in found.account.dialogue.codes if c.utterance == index)


def test_a_humans_codes_take_the_place_of_the_machines_and_all_stand() -> None:
    from toolkit.coding.settling import settle

    found = lay(LATE, {What.CODE: {"2.000": "complex_reflection+affirm+closed_question"}})
    own = coded(found, 2)
    assert [a.code for a in own.codes] == [Code.COMPLEX_REFLECTION, Code.CLOSED_QUESTION, Code.AFFIRM]
    assert {a.coder for a in own.codes} == {"human"}
    assert [a.answers for a in own.codes] == [0, -1, -1]  # as the machine's reflection had it
    assert settle(own).kept == own.codes  # no rule plays them off against each other
    assert coded(found, 0) == CodedUtterance(0, (code(Code.OTHER, 0, 2),))


def test_a_new_reflection_hands_back_the_nearest_that_another_says_in_earnest() -> None:
    machine = account(
        words("B 0 I cannot sleep.", "A 2 right", "B 4 yeah", "A 5 it wears you out"),
        activity("B 0-1.4, A 2-2.4, B 4-4.4, A 5-6.9"),
        {1: [code(Code.FACILITATE, 0, 0)], 2: [code(Code.FACILITATE, 0, 0)]},
    )
    found = lay(machine, {What.CODE: {"5.000": "simple_reflection"}})
    assert [(a.code, a.answers) for a in coded(found, 3).codes] == [(Code.SIMPLE_REFLECTION, 0)]


def test_markers_stay_beside_a_humans_codes() -> None:
    machine = account(
        words("B 0 I am sad"), activity("B 0-1.9"), {0: [code(Code.FEELING, 0, 2), code(Code.CHANGE_TALK, 0, 2)]}
    )
    kept = coded(lay(machine, {What.CODE: {"0.000": "sustain_talk"}}), 0).codes
    assert [(a.code, a.coder) for a in kept] == [(Code.SUSTAIN_TALK, "human"), (Code.FEELING, "rules")]
    assert coded(lay(machine, {What.CODE: {"0.000": "unmarked"}}), 0).codes == ()


def test_where_the_coder_gave_probabilities_a_human_is_sure() -> None:
    machine = account(words("A 0 so you are tired"), activity("A 0-2.4"), chances=MAYBE)
    sure = coded(lay(machine, {What.CODE: {"0.000": "complex_reflection"}}), 0).chances
    assert isinstance(sure, Chances)
    assert (sure.reflection, sure.complex, sure.question, sure.main_reflection, sure.change) == (1, 1, 0, 1, 0)
    assert coded(lay(counts_only(MIDDLE), {What.CODE: {"0.000": "none"}}), 0).chances == NO_CHANCES


def test_once_a_human_coded_all_of_a_role_its_codes_were_looked_for() -> None:
    machine = replace(MIDDLE, dialogue=replace(MIDDLE.dialogue, coded=frozenset({Code.OTHER})))
    one = lay(machine, {What.CODE: {"0.000": "none"}}).account.dialogue
    assert one.coded == {Code.OTHER}
    both = lay(machine, {What.CODE: {"0.000": "none", "4.500": "none"}}).account.dialogue
    assert Code.CONFRONT in both.coded
    assert not {Code.CHANGE_TALK, Code.FACILITATE} & both.coded
    client = lay(machine, {What.CODE: {"2.500": "change_talk"}}).account.dialogue
    assert {Code.CHANGE_TALK, Code.SUSTAIN_TALK} <= client.coded
    assert Code.CONFRONT not in client.coded


def test_a_session_that_no_coder_could_code_is_coded_by_hand() -> None:
    machine = replace(MIDDLE, dialogue=replace(MIDDLE.dialogue, codes=Missing("no coder knows nl")))
    found = lay(machine, {What.CODE: {"2.500": "change_talk"}})
    assert [a.code for a in coded(found, 1).codes] == [Code.CHANGE_TALK]
    assert coded(found, 0).codes == ()
    assert found.account.dialogue.coded == {Code.CHANGE_TALK, Code.SUSTAIN_TALK, Code.NEUTRAL}


def test_codes_lie_over_utterances_as_they_are_after_speakers_were_corrected() -> None:
    said = {What.WORD: {"1.500": "B"}, What.CODE: {"1.500": "complex_reflection", "2.000": "affirm"}}
    found = lay(LATE, said)
    assert [a.code for a in coded(found, 1).codes] == [Code.COMPLEX_REFLECTION]
    assert [(c.what, c.target) for c in found.lost] == [(What.CODE, "2.000")]


def test_of_two_that_start_at_once_the_speaker_tells_which() -> None:
    machine = account(words("A 0 one two", "B 0 three four"), activity("A 0-0.9, B 0-0.9"))
    assert [c.target for c in lay(machine, {What.CODE: {"0.000": "affirm"}}).lost] == ["0.000"]
    found = lay(machine, {What.CODE: {"0.000/B": "affirm"}})
    assert found.lost == ()
    owner = next(u for u in machine.utterances or () if u.speaker == "B")
    assert [a.code for a in coded(found, owner.index).codes] == [Code.AFFIRM]


def test_a_silence_gets_its_category_by_its_start() -> None:
    found = lay(MIDDLE, {What.SILENCE: {"1.900": "reflective", "7.000": "emotional"}})
    first, second = found.account.dialogue.silences
    assert (first.category, isinstance(second.category, Missing)) == (SilenceCategory.REFLECTIVE, True)
    assert [(c.what, c.target) for c in found.lost] == [(What.SILENCE, "7.000")]


def test_everything_that_finds_nothing_is_told() -> None:
    said = {
        What.ROLE: {"Z": "client"},
        What.TURN: {"9.000": "A"},
        What.WORD: {"9.000": "A"},
        What.CODE: {"9.000": "none"},
        What.SILENCE: {"9.000": "mnemonic"},
    }
    found = lay(MIDDLE, said)
    assert {c.what for c in found.lost} == set(said)
    assert found.account == MIDDLE


# properties

SPEAKERS = st.sampled_from(["A", "B", "C"])


@st.composite
def sessions(draw: st.DrawFn) -> Account:
    """Any little session: speech in order, with overlap and without, words in some of it."""
    now, speech, said = 0.0, [], []
    for _ in range(draw(st.integers(1, 7))):
        now = max(0.0, round(now + draw(st.sampled_from([-0.6, 0.05, 0.3, 1.2, 4.0])), 3))
        who, count = draw(SPEAKERS), draw(st.integers(1, 5))
        texts = draw(st.lists(st.sampled_from(["so", "mhm", "well", "home.", "you?"]), min_size=count, max_size=count))
        speech.append(SpeakerInterval(now, round(now + 0.5 * count, 3), who))
        if draw(st.integers(0, 4)):
            said.append(f"{who} {now} {' '.join(texts)}")
        now = round(now + 0.5 * count, 3)
    in_order = sorted(speech, key=lambda i: (i.start, i.end, i.speaker))
    return account(words(*said), in_order, named={**NAMED, "C": Role.OTHER})


def given_turns(machine: Account, data: st.DataObject) -> dict[str, str]:
    own = {f"{t.start:.3f}/{t.speaker}" for t in machine.dialogue.turns}
    return {target: data.draw(SPEAKERS) for target in sorted(own) if data.draw(st.booleans())}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sessions(), st.data(), st.booleans())
def test_speech_and_silence_stay_where_they_are_whoever_speaks(
    machine: Account, data: st.DataObject, with_words: bool
) -> None:
    machine = machine if with_words else counts_only(machine)
    said = {What.TURN: given_turns(machine, data)}
    if with_words:
        own = {f"{w.start:.3f}/{w.speaker}" for w in machine.words or ()}
        said[What.WORD] = {t: data.draw(SPEAKERS) for t in sorted(own) if data.draw(st.booleans())}
    found = lay(machine, said)
    before, after = machine.dialogue, found.account.dialogue
    assert found.lost == ()
    assert union(i.span for i in after.activity) == union(i.span for i in before.activity)

    def holes(quiet: Sequence[Silence]) -> list[tuple[float, float, SilenceEvidence]]:
        return [(s.start, s.end, s.evidence) for s in quiet]

    assert holes(after.silences) == holes(before.silences)
    assert sum(u.word_count for u in after.utterances or ()) == sum(u.word_count for u in before.utterances or ())
    assert {i.speaker for i in after.activity} <= set(after.roles)
    for speaker in {i.speaker for i in after.confirmed}:  # what is confirmed is that speaker's speech
        own = union(i.span for i in after.activity if i.speaker == speaker)
        sure = union(i.span for i in after.confirmed if i.speaker == speaker)
        assert milliseconds(total([*own, *sure])) == milliseconds(total(own))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sessions(), st.data())
def test_a_turn_given_and_taken_back_leaves_the_machines_account(machine: Account, data: st.DataObject) -> None:
    own = {f"{t.start:.3f}/{t.speaker}": t.speaker for t in machine.dialogue.turns}
    found = lay(machine, {What.TURN: own}).account
    assert replace(found, dialogue=replace(found.dialogue, confirmed=())) == machine


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sessions(), st.data())
def test_a_given_turn_is_its_new_speakers_with_words_and_without(machine: Account, data: st.DataObject) -> None:
    said = {What.TURN: given_turns(machine, data)}
    rebuilt, counted = lay(machine, said).account.dialogue, lay(counts_only(machine), said).account.dialogue
    assert rebuilt.activity == counted.activity
    assert rebuilt.confirmed == counted.confirmed
    moved = [t for t in machine.dialogue.turns if f"{t.start:.3f}/{t.speaker}" in said[What.TURN]]
    for turn in moved:
        who = said[What.TURN][f"{turn.start:.3f}/{turn.speaker}"]
        assert any(t.speaker == who and t.start <= turn.start and turn.end <= t.end for t in counted.turns)


@pytest.mark.parametrize("kind", [Turn, Silence])
def test_what_is_laid_over_is_numbered_from_0(kind: type) -> None:
    dialogue = lay(MIDDLE, {What.TURN: {"0.000": "B"}}).account.dialogue
    found = dialogue.turns if kind is Turn else dialogue.silences
    assert [x.index for x in found] == list(range(len(found)))
