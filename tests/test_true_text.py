"""Codes from a reference's own text, counted by hand with a coder that marks what it is told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.evaluate.metrics import Matches
from toolkit.evaluate.true_text import LOSS_HEADS, from_true_text, loss_rows
from toolkit.formats.truth import Truth, TruthUtterance
from toolkit.types import AppliedCode, Code, CodedUtterance, Missing, SpokenUtterance


class Marks:
    """Marks each utterance that ends in a question mark or begins with "So"."""

    def describe(self) -> Mapping[str, str]:
        return {"name": "marks"}

    def code(self, utterances: Sequence[SpokenUtterance], *, language: str) -> tuple[CodedUtterance, ...] | Missing:
        if language != "en":
            return Missing("English only")
        return tuple(CodedUtterance(u.index, self.of(u)) for u in utterances)

    def of(self, said: SpokenUtterance) -> tuple[AppliedCode, ...]:
        last = len(said.words) - 1
        code = Code.OPEN_QUESTION if said.words[-1].text.endswith("?") else Code.SIMPLE_REFLECTION
        marked = code is Code.OPEN_QUESTION or said.words[0].text == "So"
        return (AppliedCode(code, "marks", "r", 0, last, -1),) if marked else ()


def line(start: float, speaker: str, text: str, reflection: str = "none", question: str = "none") -> TruthUtterance:
    return TruthUtterance(start, start + 2, speaker, text, reflection, question)


def truth(*said: TruthUtterance, coded: bool = True) -> Truth:
    return Truth("s", 10.0, True, (), said, Missing("none"), (), (), coded)


def test_only_the_therapists_utterances_count_and_each_once() -> None:
    found = from_true_text(
        truth(
            line(0, "therapist", "What brings you here?", question="open"),
            line(2, "client", "So I drink. Too much?"),
            line(4, "therapist", "So it worries you.", reflection="complex"),
            line(6, "therapist", "It scares you.", reflection="simple"),
            line(8, "therapist", "So see you then."),
        ),
        Marks(),
        language="en",
    )
    assert found == {"reflection_f1": Matches(1, 2, 2), "question_f1": Matches(1, 1, 1)}
    other = {"reflection_f1": Matches(1, 1, 1), "question_f1": Matches(0, 1, 1)}
    rows = loss_rows({"s": (found, other), "t": (other, other)})
    assert rows[0] == ["s", "0.50", "1.00", "1.00", "0.00"]
    assert rows[-1] == ["**all**", "0.67", "1.00", "0.50", "0.00"]
    assert len(rows[0]) == len(LOSS_HEADS)


def test_without_codes_or_for_another_language_it_is_missing() -> None:
    uncoded = from_true_text(truth(line(0, "therapist", "Hi."), coded=False), Marks(), language="en")
    foreign = from_true_text(truth(line(0, "therapist", "Hallo.")), Marks(), language="de")
    assert all(isinstance(score, Missing) for score in (*uncoded.values(), *foreign.values()))
