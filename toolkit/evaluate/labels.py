"""From the text of an utterance to the labels of a coder: the chain's last stage on text without sound."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence

from toolkit.backends import Coder
from toolkit.errors import BackendError
from toolkit.formats.coded_csv import Prediction, Row, labelled
from toolkit.types import AttributedWord, Chances, Code, CodedUtterance, Missing, Role, SpokenUtterance

__all__ = ["predict"]

WORD_TIME = 0.4  # s: made up, no coder may lean on it
PAUSE = 0.6  # s: made up, between utterances

NO_WORDS: Mapping[str, str] = {"main": "other", "reflection": "none", "question": "none", "client_talk": "neutral"}
INPUT = frozenset({Code.GIVING_INFORMATION, Code.PERSUADE, Code.PERSUADE_WITH_PERMISSION})
MAIN = {
    "reflection": "p_main_reflection",
    "question": "p_main_question",
    "therapist_input": "p_main_input",
    "other": "p_main_other",
}


def predict(rows: Sequence[Row], coder: Coder, tell: Callable[[int], None]) -> tuple[Prediction, ...]:
    """Code every row, each dialogue by itself and in order.

    Parameters
    ----------
    rows
        Utterances of any number of dialogues.
    coder
        It is given every speaker's utterances, as in a session; the speaker is the role.
    tell
        Told how many more rows are coded.

    Returns
    -------
    tuple of Prediction
        One a row, in the same order. A row without a word is not shown to the coder and says nothing: main behaviour
        ``other``, no reflection, no question, neutral, no probabilities.

    Raises
    ------
    BackendError
        When the coder cannot code English, or codes another number of utterances than it was given.
    """
    dialogues: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        dialogues.setdefault(row.dialogue, []).append(place)
    found = [Prediction({column: NO_WORDS[column] for column in labelled(row.role)}, {}) for row in rows]
    for places in dialogues.values():
        said = [(place, words) for place in places if (words := words_of(rows[place].text))]
        coded = coder.code(spoken([(rows[p].role, words) for p, words in said]), language="en") if said else ()
        if isinstance(coded, Missing):
            raise BackendError(f"nothing was coded: {coded.reason}.")
        if len(coded) != len(said):
            raise BackendError(f"the coder gave {len(coded)} codings for {len(said)} utterances.")
        for (place, _), one in zip(said, coded, strict=True):
            found[place] = prediction(one, rows[place].role, main=getattr(coder, "main", likeliest))
        tell(len(places))
    return tuple(found)


def words_of(text: str) -> tuple[str, ...]:
    r"""Words of a text: parted at white space, control characters taken out.

    Examples
    --------
    >>> words_of(" so\x00 you  left\x07 ")
    ('so', 'you', 'left')
    """
    cleaned = ("".join(c for c in word if unicodedata.category(c) != "Cc") for word in text.split())
    return tuple(word for word in cleaned if word)


def spoken(said: Sequence[tuple[Role, Sequence[str]]]) -> tuple[SpokenUtterance, ...]:
    """Utterances one after the other, their words evenly spaced."""
    utterances = []
    clock = 0.0
    for index, (role, texts) in enumerate(said):
        words = tuple(
            AttributedWord(clock + i * WORD_TIME, clock + (i + 1) * WORD_TIME, text, 1.0, str(role))
            for i, text in enumerate(texts)
        )
        end = words[-1].end
        # a coder reads words; how many syllables they have matters only to rates of speech, and here is no time
        utterances.append(SpokenUtterance(index, clock, end, str(role), len(words), len(words), words))
        clock = end + PAUSE
    return tuple(utterances)


def prediction(coded: CodedUtterance, role: Role, *, main: Callable[[Chances], str]) -> Prediction:
    """Labels and probabilities of one utterance, those that are for its speaker's role; `main` decides four ways."""
    columns = labelled(role)
    chances = {} if isinstance(coded.chances, Missing) else chances_of(coded.chances, columns)
    labels = labels_of(frozenset(code.code for code in coded.codes))
    if "main" in columns and not isinstance(coded.chances, Missing):
        labels["main"] = {"input": "therapist_input"}.get(found := main(coded.chances), found)
    return Prediction({column: labels[column] for column in columns}, chances)


def likeliest(chances: Chances) -> str:
    """The main behaviour by a coder that has no rule of its own for it."""
    return max(MAIN, key=lambda label: getattr(chances, MAIN[label].removeprefix("p_")))


def labels_of(codes: frozenset[Code]) -> dict[str, str]:
    """Labels that follow from codes alone: complex goes before simple, open before closed, change before sustain.

    The main behaviour is the reflection if there is one, else the question, else input.
    """
    reflection = first(codes, {Code.COMPLEX_REFLECTION: "complex", Code.SIMPLE_REFLECTION: "simple"}, "none")
    question = first(codes, {Code.OPEN_QUESTION: "open", Code.CLOSED_QUESTION: "closed"}, "none")
    talk = first(codes, {Code.CHANGE_TALK: "change", Code.SUSTAIN_TALK: "sustain"}, "neutral")
    main = "other"
    if reflection != "none":
        main = "reflection"
    elif question != "none":
        main = "question"
    elif codes & INPUT:
        main = "therapist_input"
    return {"main": main, "reflection": reflection, "question": question, "client_talk": talk}


def first(codes: frozenset[Code], labels: Mapping[Code, str], otherwise: str) -> str:
    """The label of the first code that is there."""
    return next((label for code, label in labels.items() if code in codes), otherwise)


def chances_of(chances: Chances, columns: Sequence[str]) -> dict[str, float]:
    """Probabilities by column of the predictions, those of the therapist or of the client."""
    if "client_talk" in columns:
        return {"p_change": chances.change, "p_sustain": chances.sustain}
    if not columns:
        return {}
    return {
        "p_reflection": chances.reflection,
        "p_question": chances.question,
        "p_complex": chances.complex,
        "p_open": chances.open,
        "p_input": chances.input,
        "p_main_reflection": chances.main_reflection,
        "p_main_question": chances.main_question,
        "p_main_input": chances.main_input,
        "p_main_other": chances.main_other,
    }
