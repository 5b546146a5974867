"""The rules that find identifiers in talk, without a model: by class, what they take and what they leave."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.privacy.redacting.finding import by_rules
from toolkit.privacy.redacting.fluent import fluent
from toolkit.privacy.redacting.gazetteer import listed
from toolkit.privacy.redacting.patterns import Identifier, words

UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
FIRSTS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
LATER = ["thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"]
ORDINALS = [*FIRSTS, "tenth", "eleventh", "twelfth", *LATER, "thirtieth"]
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "December"]


def taken(text: str) -> set[int]:
    """The characters of a text that rules take for part of an identifier."""
    said = fluent(text)
    return {at for f in by_rules(said.text) for at in range(*said.where(f.start, f.end))}


def is_gone(text: str, piece: str) -> bool:
    """Whether no letter of a piece is left."""
    start = text.index(piece)
    return set(range(start, start + len(piece))) <= taken(text)


def kept(text: str) -> str:
    """A text without what is taken."""
    gone = taken(text)
    return " ".join("".join(c if at not in gone else "_" for at, c in enumerate(text)).split())


# each sentence has its identifier in brackets


@pytest.mark.parametrize(
    "marked",
    [
        # people
        "i asked [mark] to come with me",
        "so what did [hope] say about it",
        "me and [rose] had a row",
        "i was on the phone to [bill] for an hour",
        "my brother [will] came over",
        "my sister [faith] is three",
        "it was [will] who drove me",
        "there was a lad called [smudge] who sold it",
        "she goes by [red] at work",
        "my name's [lance] and i drink",
        "his name was [tariq ahmed] and he knew",
        "the runner is [mark bishop] now",
        "i saw mr [baker] about it",
        "i saw doctor [young] about it",
        "it's not [kens] fault",
        "the [gallaghers] next door",
        "i haven't seen [ivy] in six years",
        "last night [cliff] didn't come home",
        "we talked, me and [dawn], for hours",
        # places
        "we moved to [nether wallop] in the spring",
        "i grew up in [hull]",
        "the train from [reading] to [bath] was late",
        "she is from [great yarmouth] i think",
        "i live on [beech close] with my dad",
        "they live at [flat 3b, 9 elm grove] now",
        "it's [forty two mill lane] i think",
        "she lives in [milton keynes]",
        # organisations
        "i went to [meadow bank school] and hated it",
        "he works for [fletcher and sons] in town",
        "i was sacked from [boots] in the end",
        "i ended up in [the red lion] again",
        "we met at [the dog and duck]",
        "the funeral was at [saint mary's]",
        "i had my scan at [queen elizabeth hospital]",
        "she is at [kingsway health centre] today",
        "he plays for [ashton united]",
        # numbers
        "my pin is [double four seven one]",
        "the last four digits are [4471].",
        "it's the flats at [s e fifteen four q z]",
        "ring me on [oh seven seven um double oh nine one two three]",
        "her plate is [l k fifty two x y z]",
        # addresses
        "it's [joy and ray at bt internet dot com] all lower case",
        "send it to [mick seventy two at gmail dot com]",
        "write to [n doyle at u c l dot ac dot uk]",
        "i read it on [mums net dot com]",
        "it is on [reddit dot com slash r slash stopdrinking]",
        "my handle is [big bob sixty two] there",
        "i'm [mick_in_recovery] there",
        "it's on [linktr.ee/lotty]",
    ],
)
def test_it_is_taken_to_the_last_letter(marked: str) -> None:
    text = re.sub(r"[\[\]]", "", marked)
    for piece in re.findall(r"\[(.+?)\]", marked):
        assert is_gone(text, piece), kept(text)


@pytest.mark.parametrize(
    "text",
    [
        "i may have told you this, and i will say it again",
        "i hope it gets easier, i have lost faith",
        "i'm 45 and it has been ten years",
        "i am one hundred percent sure",
        "it was ninety degrees, i weigh ninety kilos and i got ninety minutes of sleep",
        "that was the third time this week, on the second floor",
        "the second thing i want to say is sorry",
        "we march up and down and you may first want to sit",
        "my dad drank and my brother always hid",
        "my sister can be difficult and my brother will not talk",
        "he called me stupid and i called in sick",
        "i rose at six and we mark the days",
        "she was reading in the bath at home",
        "i am living in fear and i want to be in control",
        "at school i was bullied, at high school too",
        "i work from home most of the time, for minimum wage",
        "i go to the pub and to the pain clinic",
        "we live in a small house at the end of the road",
        "breathe in one two three four five six seven and out",
        "there were ninety people, a hundred miles away",
        "i paid 20000 pounds and 150 more",
        "in twenty nineteen i was fine, and in 2020 i was not",
        "look at me when i talk to you",
        "the bill came and i had to pay the grant back",
        "on tuesday i woke at quarter to seven",
    ],
)
def test_ordinary_talk_is_left(text: str) -> None:
    assert kept(text) == text


@st.composite
def dates(draw: st.DrawFn) -> str:
    """A date with a day and a month, or a month and a year, as people say and write them."""
    month = draw(st.sampled_from(MONTHS))
    number = draw(st.integers(1, 31))
    words = [*ORDINALS[:20], *(f"twenty {one}" for one in ORDINALS[:9]), "thirtieth", "thirty first"]
    ending = "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    day = draw(st.sampled_from([words[number - 1], f"{number}{ending}"]))
    year = draw(
        st.one_of(
            st.integers(1925, 2026).map(str),
            st.builds("nineteen {} {}".format, st.sampled_from(TENS), st.sampled_from(UNITS)),
            st.builds("two thousand and {}".format, st.sampled_from(UNITS)),
            st.builds("twenty {}".format, st.sampled_from(["ten", "nineteen", "twenty one"])),
        )
    )
    form = draw(
        st.sampled_from(
            [
                "the {d} of {m}",
                "{d} {m} {y}",
                "{m} the {d}",
                "{m} {d} {y}",
                "the {d} of {m} {y}",
                "{m} {y}",
                "{m} of {y}",
            ]
        )
    )
    weekday = draw(st.sampled_from(["", "", "Tuesday ", "friday, "])) if "{d}" in form else ""
    said = weekday + form.format(d=day, m=month, y=year)
    return said.lower() if draw(st.booleans()) else said


@given(
    dates(),
    st.sampled_from(["it was {} when he left", "i stopped on {}.", "since {} i have been well", "her birthday's {}"]),
)
def test_any_date_is_wholly_gone(date: str, frame: str) -> None:
    text = frame.format(date)
    assert is_gone(text, date), kept(text)


@given(
    st.one_of(
        st.integers(90, 119).map(str),
        st.builds("ninety{}{}".format, st.sampled_from(" -"), st.sampled_from(UNITS)),
        st.sampled_from(["ninety", "ninety odd", "a hundred", "a hundred and one", "one hundred and four"]),
    ),
    st.sampled_from(
        [
            "she'll be {} in may",
            "he was {} when he died",
            "my nan's {}",
            "she is nearly {} and still drives",
            "he lived to {}",
            "she is {} years old",
            "I care for my dad, he's {}.",
        ]
    ),
)
def test_any_age_over_89_is_gone(age: str, frame: str) -> None:
    text = frame.format(age)
    assert is_gone(text, age), kept(text)


@given(st.integers(1, 89), st.sampled_from(["she is {} years old", "my nan's {}", "he was {} when he died"]))
def test_no_other_age_is(age: int, frame: str) -> None:
    assert kept(frame.format(age)) == frame.format(age)


LONG = "one two |january |the second of |at dot com |w w w dot |word_|x-|1|b 1 |number is |i mean |ninety |the fox and "
LONG += "|um |saint |12/|a.b@|http|road "


@pytest.mark.parametrize("piece", LONG.split("|"))
def test_time_does_not_run_away_with_a_long_line(piece: str) -> None:
    """Twice as long a line takes about twice the time, not four times; generous, as a machine may be busy."""
    spent = []
    for count in (4000, 16000):
        text = piece * (count // len(piece))
        start = time.process_time()
        taken(text)
        spent.append(time.process_time() - start)
    assert spent[1] < 10 * max(spent[0], 0.05)


def test_what_was_hesitated_over_is_found_where_it_was_said() -> None:
    text = "ring oh seven um seven double oh you know nine one two"
    said = fluent(text)
    assert said.text == "ring oh seven seven double oh nine one two"
    assert text[slice(*said.where(5, 15))] == "oh seven um s"
    assert fluent("one one two a a i i do").text == "one one two a a i do"  # numbers and letters may be meant
    assert fluent("do you know it").text == "do you know it"


def test_the_lists_say_of_no_word_two_things() -> None:
    assert not listed("given") & words("given_in_context")
    assert not listed("surnames") & listed("surnames_in_context")
    assert not listed("places") & listed("places_in_context")
    assert listed("towns_in_context") <= listed("places_in_context")
    for name in ("given", "surnames", "places", "proper"):
        assert len(listed(name)) > 4000
        assert not listed(name) & (words("function") | words("months"))
    assert {str(what) for what in Identifier} == {f.what for f in by_rules(EVERYTHING)}


EVERYTHING = (
    "told sarah that nan is ninety two years old, lives in hull, works for tesco stores limited since may the fourth,"
    " has seven seven three one two nine as her number, jo at mail dot org and www.example.org"
)
