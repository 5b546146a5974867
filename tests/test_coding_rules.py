"""The rule coder: reflections and questions in hand-written talk; the model is needed for everything parsed."""

from __future__ import annotations

import doctest
import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.coding import book, cues, plain
from toolkit.coding.history import History, Past
from toolkit.settings import CodingSettings, Settings
from toolkit.types import AttributedWord, Code, Missing, SpokenUtterance

REFLECTIONS = {Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION}
CLIENT = "I try to cook at home but after a night shift I am so tired that I order pizza"


@pytest.fixture(scope="session")
def coder(model_store):
    from toolkit.coding import rules

    assert model_store
    return rules.create(Settings())


def said(index, speaker, text):
    words = tuple(AttributedWord(index, index + 0.5, w, 0.9, speaker) for w in text.split(" ") if w)
    return SpokenUtterance(index, float(index), index + 0.5, speaker, len(words), len(words), words)


def codes(coder, *lines):
    """Codes of the last of some lines; speakers take turns, the last is T."""
    speakers = ["C" if (len(lines) - i) % 2 == 0 else "T" for i in range(len(lines))]
    coded = coder.code([said(i, s, t) for i, (s, t) in enumerate(zip(speakers, lines, strict=True))], language="en")
    return coded[-1].codes


def kinds(coder, *lines):
    return {c.code for c in codes(coder, *lines)}


@pytest.mark.models
@pytest.mark.parametrize(
    "text",
    [
        "What would you like to change first?",
        "what would you like to change first",
        "So how did that feel for you",
        "Tell me more about the night shifts.",
        "tell me more about the night shifts",
        "And why does that matter to you now?",
        "Could you describe a normal evening",
        "I wonder what would help you there.",
        "okay and so what else have you tried",
    ],
)
def test_open_questions(coder, text):
    assert kinds(coder, CLIENT, text) == {Code.OPEN_QUESTION}


@pytest.mark.models
@pytest.mark.parametrize(
    "text",
    [
        "Do you smoke?",
        "do you smoke",
        "okay and have you ever stopped before",
        "How many cups of coffee do you drink",
        "how long have you lived there",
        "When did you start?",
        "Which of the two was it?",
        "Is it the mornings or the evenings?",
        "Ten? Fifteen?",
    ],
)
def test_closed_questions(coder, text):
    assert kinds(coder, CLIENT, text) == {Code.CLOSED_QUESTION}


@pytest.mark.models
@pytest.mark.parametrize("text", ["Yeah?", "Okay?", "Really?", "mhm", "Right.", "Thank you."])
def test_listening_tokens_are_nothing(coder, text):
    assert {c.code for c in codes(coder, CLIENT, text)} <= {Code.FACILITATE}


@pytest.mark.models
@pytest.mark.parametrize(
    "text",
    [
        "It sounds like you order pizza when you're tired.",
        "it sounds like you order pizza when you're tired",
        "So after a night shift you're too tired to cook.",
        "What I'm hearing is that the shifts wear you out.",
        "You're saying that cooking is hard after the night shift.",
        "Pizza after a night shift.",
    ],
)
def test_reflections(coder, text):
    assert len(kinds(coder, CLIENT, text) & REFLECTIONS) == 1


@pytest.mark.models
@pytest.mark.parametrize(
    "text",
    [
        "You should cook on Sundays and freeze it.",
        "You need to eat more vegetables.",
        "We have about half an hour today.",
        "My name is Robin and I work here as a nurse.",
        "Thanks for coming in today.",
        "I think people should eat less salt.",
        "If you eat less salt, you'll feel better.",
    ],
)
def test_advice_information_and_structuring_are_no_reflections(coder, text):
    assert not kinds(coder, CLIENT, text) & REFLECTIONS


@pytest.mark.models
@pytest.mark.parametrize(
    "text",
    [
        "So on the one hand you want to cook, and on the other hand you're worn out.",
        "Part of you wants to eat well, and another part just wants to fall into bed.",
        "It sounds like you feel guilty, as if you were letting your family down.",
    ],
)
def test_added_meaning_makes_a_reflection_complex(coder, text):
    assert Code.COMPLEX_REFLECTION in kinds(coder, CLIENT, text)


@pytest.mark.models
def test_the_clients_own_words_are_a_simple_reflection(coder):
    assert kinds(coder, CLIENT, "You're so tired after a night shift.") == {Code.SIMPLE_REFLECTION}


@pytest.mark.models
def test_a_reflection_with_a_check_is_both(coder):
    found = kinds(coder, CLIENT, "So you're too tired to cook after a night shift. Is that right?")
    assert found & REFLECTIONS
    assert Code.CLOSED_QUESTION in found


@pytest.mark.models
def test_the_evidence_is_the_words_and_what_was_answered(coder):
    um = "Well, um, it it sounds like you order pizza when you're tired."
    found = codes(coder, "What do you eat?", CLIENT, "mhm", "Yeah.", um)
    (code,) = (c for c in found if c.code in REFLECTIONS)
    assert code.answers == 1
    assert code.coder == "rules"
    assert um.split()[code.first_word : code.last_word + 1]
    (question,) = codes(coder, "Um, do you smoke?")
    assert (question.first_word, question.answers) == (1, -1)


@pytest.mark.models
def test_every_speaker_is_coded_so_that_roles_can_be_swapped(coder):
    lines = [said(0, "A", "What do you eat?"), said(1, "B", CLIENT), said(2, "A", "So you're tired after the shift.")]
    turned = [said(u.index, {"A": "B", "B": "A"}[u.speaker], u.text) for u in lines]
    assert coder.code(lines, language="en") == coder.code(turned, language="en-GB")


@pytest.mark.models
def test_another_language_is_missing_with_its_reason(coder):
    for language in ("nl", "", "enx"):
        answer = coder.code([said(0, "A", "Hello there.")], language=language)
        assert isinstance(answer, Missing)
        assert "English only" in answer.reason


@pytest.mark.models
def test_odd_utterances_are_survived(coder):
    odd = [
        "",
        "?",
        "…",
        "word",
        "🙂 🙂",
        "\x00\x07 \u202e",
        "[laughter]",
        "I-I-I I I",
        "a" * 5000,
        "so you know " * 1700,
    ]
    coded = coder.code([said(i, "AB"[i % 2], t) for i, t in enumerate(odd)], language="en")
    assert isinstance(coded, tuple)
    assert [c.utterance for c in coded] == list(range(len(odd)))
    for utterance, text in zip(coded, odd, strict=True):
        size = len([w for w in text.split(" ") if w])
        assert all(0 <= c.first_word <= c.last_word < size for c in utterance.codes)
    assert coder.code([], language="en") == ()


@pytest.mark.models
def test_what_made_the_codes_is_described(coder):
    facts = coder.describe()
    assert facts["name"] == "rules"
    assert len(facts["rules_sha256"]) == len(facts["model_sha256"]) == 64


@pytest.mark.models
def test_a_folder_that_is_no_pipeline_is_refused(tmp_path):
    from toolkit.coding import rules
    from toolkit.errors import BackendError

    with pytest.raises(BackendError):
        rules.create(Settings(coding=CodingSettings(model=str(tmp_path))))


@given(st.lists(st.text(max_size=12), max_size=30))
def test_plain_text_knows_its_words(words):
    for piece in plain.plain(words):
        assert len(piece.starts) == len(piece.words) == len(piece.text.split(" "))
        assert list(piece.words) == sorted(set(piece.words))
        for start, word in zip(piece.starts, piece.words, strict=True):
            assert piece.word_at(start) == word
            assert words[word]


@pytest.mark.parametrize(
    ("word", "smooth"),
    [
        ("I-I-I'm", "I'm"),
        ("wh-what's", "what's"),
        ("um,", ""),
        ("[laughter]", ""),
        ("well--", "well"),
        ("don\u2019t", "don't"),
        ("gonna", "going to"),
        ("mm-hmm.", "mm-hmm."),
        ("twenty-one", "twenty-one"),
    ],
)
def test_one_word_is_smoothed(word, smooth):
    assert plain.smooth(word) == smooth


def test_a_repeated_word_is_one_slip():
    assert [p.text for p in plain.plain(["so", "you", "you", "you", "said", "2", "2"])] == ["so you said 2 2"]


def test_what_is_answered_passes_over_backchannels():
    history = History()
    for index, speaker, words, nod in [
        (0, "C", ("i", "am", "tired"), False),
        (1, "T", ("okay",), True),
        (2, "C", ("yeah",), True),
    ]:
        history.add(Past(index, speaker, words, frozenset(words), backchannel=nod, reflects=False))
    assert history.answered("T") == 0
    assert history.answered("C") == 1
    assert History().answered("T") == -1


def test_every_code_has_a_page_with_human_figures():
    assert set(book.BOOK) == set(Code)
    for code in Code:
        page = book.entry(code)
        assert page.definition.endswith(".")
        assert "kappa" in book.agreement_line(code)
    assert "0.17 to 0.20" in book.agreement_line(Code.COMPLEX_REFLECTION)


def test_every_point_of_the_score_card_has_its_cue():
    rules = tomllib.loads(files("toolkit.coding").joinpath("rules_en.toml").read_text(encoding="utf-8"))
    for name, points in rules["points"].items():
        table, _, cue = name.partition(".")
        assert table in {"heard", "before", "shape", "size"} or cue in rules[table] or name in COMPUTED
        assert points < 0 if table == "against" else points >= 0 or table in {"before", "shape", "size"}
    assert set(rules["depth_points"]) == set(rules["complex"])


COMPUTED = {"against.question", "against.directive", "against.backchannel", "against.lecture", "against.much_new"}


def test_the_pattern_language_as_documented():
    assert doctest.testmod(cues).failed == 0
    assert doctest.testmod(book).failed == 0
