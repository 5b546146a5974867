"""Three places to listen to again: what they are, of different kinds, and none where nothing is known."""

from __future__ import annotations

from builders import C, Line, T, dialogue

from toolkit.caseload.again import Kind, Place, places
from toolkit.types import Code, Missing, Role


def test_places_of_different_kinds_in_order_of_time() -> None:
    found = places(
        dialogue(
            [
                Line(T, 0, 4, "tell me about the week", (Code.OPEN_QUESTION,)),
                Line(C, 5, 30, "it was long and I was out every night"),
                Line(T, 34.5, 36, "I see what you mean there"),  # after 4.5 s of silence
                Line(C, 37, 41, "I am so scared of it", (Code.FEELING,)),
                Line(T, 42, 45, "do you sleep at all", (Code.CLOSED_QUESTION,)),
                Line(C, 46, 48, "not really no sir"),
                Line(T, 49, 99, "let me tell you what I think of all this now"),
            ]
        )
    )
    assert found == (
        Place(0, 30, Kind.OPENED, 25),
        Place(30, 34.5, Kind.BROKEN, 4.5),
        Place(37, 41, Kind.UNANSWERED),
    )


def test_what_is_not_there_makes_room_for_the_next_kind() -> None:
    lines = [Line(T, 0, 40, "I will speak for a long time now"), Line(C, 41, 43, "well all right then")]
    assert places(dialogue(lines)) == (Place(0, 40, Kind.LONG, 40),)


def test_a_silence_that_the_client_breaks_is_no_such_place() -> None:
    lines = [Line(C, 0, 3, "I do not know"), Line(C, 9, 12, "it hurts so much"), Line(T, 13, 15, "tell me more please")]
    found = places(dialogue(lines))
    assert isinstance(found, Missing)
    assert "nothing of the kinds" in found.reason


def test_without_a_therapist_nothing_is_said() -> None:
    lines = [Line(T, 0, 40, "I will speak for a long time now")]
    found = places(dialogue(lines, named={T: Role.UNKNOWN}))
    assert isinstance(found, Missing)
    assert "toolkit roles" in found.reason
