"""The trained coder: what it reads, its halves, its files, its codes and their evidence."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.coding.trained import heads, linear, reading, weights
from toolkit.coding.trained.encoder import batches
from toolkit.coding.trained.reading import Reader, Said
from toolkit.errors import BackendError
from toolkit.settings import CodingSettings, Settings
from toolkit.types import AttributedWord, Code, Missing, SpokenUtterance

THERAPIST, CLIENT = "A", "B"
REFLECTIONS = {Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION}
WORDS = ("so", "you", "I", "what", "do", "want?", "mhm.", "yeah,", "feel", "sad", "drink", "it's", "--", "[um]", "if")
QUESTIONS = {Code.OPEN_QUESTION, Code.CLOSED_QUESTION}


class Letters:
    """A tokenizer of one id a word: its length."""

    def encode(self, text):
        return [100 + len(word) for word in text.split()]

    def id_of(self, token):
        return {"[CLS]": 1, "[SEP]": 2, "[unused1]": 3, "[unused2]": 4}[token]


def said(index, speaker, text):
    words = text.split()
    start = 3.0 * index
    made = tuple(AttributedWord(start + i * 0.1, start + (i + 1) * 0.1, w, 0.9, speaker) for i, w in enumerate(words))
    return SpokenUtterance(index, start, start + 2.0, speaker, len(words), len(words), made)


# What the encoder reads


def test_an_utterance_is_read_before_its_context_and_the_oldest_of_that_first():
    piece = Reader(Letters()).read(Said("A", "a bb"), [Said("B", "ccc"), Said("A", "dddd")])
    assert piece.ids == (1, 101, 102, 2, 3, 103, 4, 104, 2)
    assert piece.own == 4


def test_only_three_utterances_before_are_read():
    before = [Said("B", "x" * n) for n in (1, 2, 3, 4)]
    assert Reader(Letters()).read(Said("A", "a"), before).ids[3:] == (3, 102, 3, 103, 3, 104, 2)


def test_a_long_utterance_loses_its_middle_and_a_long_context_its_beginning():
    own = " ".join("w" * n for n in range(1, 201))
    piece = Reader(Letters()).read(Said("A", own), [Said("B", " ".join("c" * n for n in range(1, 101)))])
    assert piece.own == reading.OWN_TOKENS + 2
    assert piece.ids[1:3] == (101, 102)
    assert piece.ids[piece.own - 2] == 300
    context = piece.ids[piece.own : -1]
    assert len(context) == reading.CONTEXT_TOKENS
    assert (context[0], context[-1]) == (3, 200)


def test_remarks_and_dashes_are_not_read():
    assert reading.spoken_text(" So you--  [laughs] went (inaudible) home ") == "So you went home"


@given(st.lists(st.integers(1, 130), max_size=40), st.integers(131, 600))
def test_every_piece_is_in_one_batch_and_no_batch_is_too_large(lengths, most):
    made = list(batches(lengths, most))
    assert sorted(i for batch in made for i in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[i] for i in batch) <= most for batch in made)


# The linear half


def test_ngrams_are_runs_of_words_and_question_marks():
    assert linear.ngrams("Did you? Did you", 2) == {"did": 2, "you": 2, "?": 1, "did you": 2, "you ?": 1, "? did": 1}


def test_each_kind_of_feature_has_its_own_length():
    places = {"own": {"a": 0, "b": 1}, "before": {"a": 2}, "cues": {"size.own": 3}}
    model = linear.Linear(places, np.array([1.0, 2.0, 5.0, 1.0]), np.eye(4), np.zeros(4))
    rows, values = model.vector(
        {"own": {"a": 3.0, "b": 2.0, "z": 9.0}, "before": {"a": 7.0}, "cues": {"size.own": 2.0}}
    )
    assert rows == [0, 1, 2, 3]
    assert values == pytest.approx([0.6, 0.8, 0.5, 0.6])


def test_an_utterance_without_known_features_scores_the_bias():
    model = linear.Linear({"own": {}, "before": {}, "cues": {}}, np.array([]), np.zeros((0, 2)), np.array([0.5, -1.0]))
    assert model.scores([{"own": {"a": 1.0}, "before": {}, "cues": {}}]).tolist() == [[0.5, -1.0]]


# The regression


def any_stack(seed):
    random = np.random.default_rng(seed)
    size = (len(heads.HEADS), 7)
    limits = dict.fromkeys(heads.BINARY, 0.5)
    return heads.Stack(random.normal(size=size), random.normal(size=size[0]), limits, dict.fromkeys(heads.HEADS, 0.0))


@given(st.integers(0, 1000), st.floats(-50, 50))
def test_probabilities_are_probabilities_and_classes_sum_to_1(seed, size):
    found = any_stack(seed).probabilities(np.full((3, 7), size))
    assert ((found >= 0) & (found <= 1)).all()
    assert found[:, :4].sum(axis=1) == pytest.approx(1)
    assert found[:, 4:7].sum(axis=1) == pytest.approx(1)


def test_offsets_favour_a_class_and_thresholds_decide_the_rest():
    likely = heads.chances([0.4, 0.3, 0.2, 0.1, 0.2, 0.7, 0.1, 0.5, 0.49, 0.1, 0.9, 0.2])
    plain = any_stack(0)
    assert plain.main(likely) == "main_reflection"
    assert plain.talk(likely) == "neutral"
    assert plain.passes("reflection", likely)
    assert not plain.passes("question", likely)
    eager = heads.Stack(plain.weights, plain.bias, plain.thresholds, plain.offsets | {"main_input": 1.0, "change": 2.0})
    assert eager.main(likely) == "main_input"
    assert eager.talk(likely) == "change"


def test_silence_is_other():
    assert heads.SILENT.main_other == 1
    assert any_stack(0).talk(heads.SILENT) == "neutral"


# The files


def test_the_files_of_the_package_are_whole_and_small():
    folder = weights.folder(weights.BUILT_IN)
    made = weights.Weights(weights.BUILT_IN)
    assert made.version
    assert sum(p.stat().st_size for p in folder.iterdir()) < 30e6
    assert made.linear.weights.shape[1] == len(heads.HEADS)


def test_no_run_of_words_that_ships_is_longer_than_three():
    made = weights.Weights(weights.BUILT_IN)
    assert max(len(name.split()) for kind in ("own", "before") for name in made.linear.places[kind]) == 3


@pytest.mark.parametrize("name", weights.FILES)
def test_a_changed_file_is_refused(tmp_path, name):
    copied = tmp_path / "model"
    shutil.copytree(weights.folder(weights.BUILT_IN), copied)
    with (copied / name).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BackendError, match=f"{name} is not the one"):
        weights.Weights(str(copied))


@pytest.mark.parametrize("change", [{"stack": {}}, {"sha256": {}}, {"version": None, "stack": None}])
def test_facts_of_another_form_are_refused(tmp_path, change):
    copied = tmp_path / "model"
    shutil.copytree(weights.folder(weights.BUILT_IN), copied)
    facts = json.loads((copied / "coder.json").read_text())
    (copied / "coder.json").write_text(json.dumps(facts | change))
    with pytest.raises(BackendError, match="another form"):
        weights.Weights(str(copied))


def test_a_folder_without_a_coder_is_refused(tmp_path):
    with pytest.raises(BackendError, match=r"coder\.json cannot be read"):
        weights.Weights(str(tmp_path))


# The coder


@pytest.fixture(scope="module")
def coder(model_store):
    from toolkit.coding.trained.coder import create

    return create(Settings())


def codes_of(coder, *lines):
    """Codes of every line; speakers take turns, the last is the therapist."""
    speakers = [THERAPIST if (len(lines) - i) % 2 else CLIENT for i in range(len(lines))]
    return coder.code([said(i, s, t) for i, (s, t) in enumerate(zip(speakers, lines, strict=True))], language="en")


def kinds(coded):
    return {a.code for a in coded.codes}


@pytest.mark.models
@pytest.mark.parametrize(
    ("before", "text"),
    [
        (
            "I lie awake until three every night and then I snap at the kids.",
            "You're exhausted, and it comes out at home.",
        ),
        ("My brother never calls me any more.", "It sounds like you miss him."),
        (
            "i want to quit but every party has smokers",
            "so part of you is ready and part of you worries about the parties",
        ),
    ],
)
def test_a_reflection_is_found_with_what_it_answers(coder, before, text):
    coded = codes_of(coder, "How have you been?" if before[0].isupper() else "how have you been", before, text)
    # the last line is the therapist's, so the first is too
    given_codes = [a for a in coded[-1].codes if a.code in REFLECTIONS]
    assert given_codes
    assert given_codes[0].answers == 1
    assert given_codes[0].coder == "trained"
    assert coded[-1].chances.reflection > 0.5


@pytest.mark.models
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("What would you like to be different?", Code.OPEN_QUESTION),
        ("what makes you think that", Code.OPEN_QUESTION),
        ("Did you take the tablets this morning?", Code.CLOSED_QUESTION),
        ("how many days a week do you drink", Code.CLOSED_QUESTION),
    ],
)
def test_a_question_is_found_with_its_cue(coder, text, code):
    (coded,) = codes_of(coder, text)
    (found,) = [a for a in coded.codes if a.code in QUESTIONS]
    assert found.code is code
    assert found.rule.startswith("trained.question")


@pytest.mark.models
def test_change_and_sustain_talk_are_told_apart(coder):
    coded = codes_of(
        coder,
        "I really want to stop smoking this year, I have to do it for my daughter.",
        "You want to stop.",
        "I am not going to give up cigarettes, I like smoking and it is the only thing that relaxes me.",
        "It relaxes you.",
    )
    assert Code.CHANGE_TALK in kinds(coded[0])
    assert coded[0].chances.change > coded[2].chances.change
    assert coded[0].chances.sustain < coded[2].chances.sustain


@pytest.mark.models
def test_rare_codes_are_marked_as_the_rules(coder):
    (coded,) = codes_of(coder, "It is up to you what you do with this.")
    (found,) = [a for a in coded.codes if a.code is Code.EMPHASIZE_AUTONOMY]
    assert found.coder == "rules"


@pytest.mark.models
def test_another_language_is_missing(coder):
    found = coder.code([said(0, CLIENT, "Ich trinke zu viel.")], language="de")
    assert isinstance(found, Missing)
    assert "English only" in found.reason
    assert isinstance(coder.code([said(0, CLIENT, "Hi")], language=""), Missing)


@pytest.mark.models
@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hm.",
        "...",
        "?",
        "\x00\x07\x1b[2J",
        "😀 🎉 😭",
        "\u202eright to left\u202c",
        "[laughs] -- --",
        "word " * 5000,
    ],
    ids=["empty", "one", "marks", "mark", "control", "emoji", "bidi", "remark", "5000"],
)
def test_odd_text_is_coded_and_evidence_lies_inside(coder, text):
    coded = codes_of(coder, text)
    assert len(coded) == 1
    length = len(text.split())
    for code in coded[0].codes:
        assert 0 <= code.first_word <= code.last_word < length
    assert not isinstance(coded[0].chances, Missing)
    if not any(c.isalnum() for c in text):
        assert coded[0].chances == heads.SILENT or not kinds(coded[0]) & REFLECTIONS


@pytest.mark.models
@settings(max_examples=25)
@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_evidence_of_any_words_lies_inside(coder, words):
    coded = codes_of(coder, "I drink because I am sad.", " ".join(words))
    for code in coded[-1].codes:
        assert 0 <= code.first_word <= code.last_word < len(words)
        assert code.code in coder.codes
        assert code.answers in {-1, 0}


@pytest.mark.models
def test_the_same_words_give_the_same_codes_whatever_stands_after_them(coder):
    lines = ["I can't sleep.", "You can't sleep.", "No, I worry.", "What about?"]
    whole = codes_of(coder, *lines)
    assert codes_of(coder, *lines) == whole
    assert len(whole) == 4


@pytest.mark.models
def test_what_was_said_before_counts(coder):
    alone = codes_of(coder, "Your sister.")[-1].chances.reflection
    after = codes_of(coder, "It is my sister who I cannot forgive.", "Your sister.")[-1].chances.reflection
    assert after > alone


@pytest.mark.models
def test_it_says_what_it_is(coder):
    facts = coder.describe()
    assert facts["name"] == "trained"
    assert facts["weights_sha256"] == weights.digest(weights.BUILT_IN)
    assert {"model_sha256", "rules_sha256", "version"} <= set(facts)


@pytest.mark.models
def test_it_is_a_component_of_any_pipeline(model_store):
    import spacy

    nlp = spacy.load(model_store["en_core_web_sm"], exclude=["ner", "senter"])
    nlp.add_pipe("mi_cues")
    nlp.add_pipe("mi_coder")
    docs = [nlp.make_doc(t) for t in ("I drink because I am lonely.", "You are lonely, and drinking fills the gap.")]
    docs[0]._.mi_speaker, docs[1]._.mi_speaker = "client", "therapist"
    first, second = nlp.pipe(docs)
    assert second._.mi_chances.reflection > 0.5 > first._.mi_chances.question
    assert nlp("How are you?")._.mi_chances.question > 0.5


@pytest.mark.models
def test_the_component_alone_finds_what_the_coder_finds_that_reads_ahead(coder, model_store):
    import spacy

    nlp = spacy.load(model_store["en_core_web_sm"], exclude=["ner", "senter"])
    nlp.add_pipe("mi_cues")
    nlp.add_pipe("mi_coder")
    lines = ["Hello.", "I cannot sleep.", "Mhm.", "It is my job.", "Your job keeps you awake.", "What would help?"] * 50
    docs = [nlp.make_doc(line) for line in lines]
    for i, doc in enumerate(docs):
        doc._.mi_speaker = (CLIENT, THERAPIST)[i % 2]
    alone = [doc._.mi_chances for doc in nlp.pipe(docs)]
    assert [c.chances for c in codes_of(coder, *lines)] == alone


@pytest.mark.models
def test_other_weights_can_be_named(model_store, tmp_path):
    from toolkit.coding.trained.coder import create

    copied = tmp_path / "own"
    shutil.copytree(weights.folder(weights.BUILT_IN), copied)
    own = create(Settings(coding=CodingSettings(weights=str(copied))))
    assert own.describe()["weights_sha256"] == weights.digest(weights.BUILT_IN)
