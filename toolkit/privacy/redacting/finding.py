"""Identifiers in a text are found: named entities of a local spaCy model, the rules for speech, and known names.

The model is given as a folder, so that Presidio has nothing to download. Its own recognisers of addresses are not used:
they ask a list of domains on the network. Presidio is imported when a `Finder` is made (extra ``privacy``).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit import extras
from toolkit.privacy.redacting import ages, contacts, dates, numbers, organisations, persons, places
from toolkit.privacy.redacting.fluent import fluent
from toolkit.privacy.redacting.patterns import Found, Identifier, one_of, searched, words
from toolkit.privacy.redacting.talk import talk_of

__all__ = ["Finder", "Hit"]

ENTITIES = {"PERSON": Identifier.PERSON, "LOCATION": Identifier.PLACE, "ORGANIZATION": Identifier.ORGANISATION}
LABELS = {"PERSON": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION", "ORG": "ORGANIZATION"}
UNUSED = (
    *("CARDINAL", "DATE", "EVENT", "LANGUAGE", "LAW", "MONEY", "NORP", "ORDINAL", "PERCENT", "PRODUCT", "QUANTITY"),
    *("TIME", "WORK_OF_ART"),
)
"""Labels of the model that name nobody; dates are found by rules, as the model takes every evening for one."""

NO_NAMES, SPOKEN = words("no_names"), words("spoken")
NEVER = NO_NAMES | SPOKEN | (words("function") - words("given_in_context"))
UNSURE = 0.4
LINK = "(?:(?:of|or|on|upon|le|the|de|van|von|and) )?"  # inside a name: Newcastle upon Tyne
CAPITALISED = r"[^\W\d_a-z\u00df-\u00ff][\w'\u2019]*"
AFTER = re.compile(rf"[ -]{LINK}({CAPITALISED})")
SMALL_BEFORE = re.compile(
    r"\b(?:in|to|from|near|at|outside|of|around|through|via|leave|left|visit|and) "
    r"((?:upper|lower|nether|little|great|north|south|east|west|saint|st|fort|mount|port|lake|old|new|much"
    r"|chipping)[ -])$",
    re.IGNORECASE,
)
KINDS = "(?: (?:high|primary|secondary|grammar|junior|infant|community|medical|health|general|care|road|street|lane))"
HEADS = re.compile(rf"{KINDS}{{0,2}}(?: {one_of(words('head'))}\b)+", re.IGNORECASE)
GIVEN_BEFORE = re.compile(rf"\b{one_of(words('given_in_context') - words('function'))}[ -]$", re.IGNORECASE)
PARTS = (" ", "-")
NAMES = frozenset({Identifier.PERSON, Identifier.PLACE, Identifier.ORGANISATION})
HYPHENED = re.compile(r"(?:-[^\W\d_]{1,20}){1,3}")
HYPHENED_BEFORE = re.compile(r"(?<![\w-])(?:[^\W\d_]{1,20}-){1,3}$")
OWNS = re.compile(r"['\u2019]s\b", re.IGNORECASE)
BEFORE = re.compile(rf"({CAPITALISED})[ -]$")


@dataclass(frozen=True, slots=True)
class Hit:
    """A stretch of a text, from its first character up to and without `end`, and what it is."""

    start: int
    end: int
    what: Identifier


class Finder:
    """Finds identifiers.

    Parameters
    ----------
    model
        Folder of a spaCy pipeline with named entities.
    names
        Known names, found whatever their case; of a name of several words each word too.

    Raises
    ------
    BackendError
        When Presidio is not installed.
    """

    def __init__(self, model: Path, names: Iterable[str] = ()) -> None:
        extras.need("presidio_analyzer", what="redaction")
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import NlpEngineProvider
        from presidio_analyzer.predefined_recognizers import SpacyRecognizer

        logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
        told = {
            "nlp_engine_name": "spacy",
            "models": [{"lang_code": "en", "model_name": str(model)}],
            "ner_model_configuration": {"model_to_presidio_entity_mapping": LABELS, "labels_to_ignore": UNUSED},
        }
        self.engine = AnalyzerEngine(
            registry=RecognizerRegistry(
                recognizers=[SpacyRecognizer(supported_entities=list(ENTITIES))], supported_languages=["en"]
            ),
            nlp_engine=NlpEngineProvider(nlp_configuration=told).create_engine(),
            supported_languages=["en"],
        )
        self.words = dictionary(self.engine.nlp_engine.nlp["en"])
        self.known = known_names(names)

    def find(self, text: str) -> tuple[Hit, ...]:
        """Every identifier, in order, none overlapping another: where two do, they are one, named by the surer."""
        artifacts = self.engine.nlp_engine.process_text(text, "en")
        found = [
            (r.start, r.end, ENTITIES[r.entity_type], r.score)
            for r in self.engine.analyze(text, language="en", nlp_artifacts=artifacts)
            if not is_no_name(text[r.start : r.end])
        ]
        found += [
            (*with_head(text, token.idx, token.idx + len(token)), UNSURE)
            for token in artifacts.tokens
            if self.is_odd(token)
        ]
        said = fluent(text)
        found += [(*said.where(f.start, f.end), f.what, f.sure) for f in by_rules(said.text)]
        if self.known is not None:
            found += [(m.start(), m.end(), Identifier.PERSON, 2.0) for m in self.known.finditer(text)]
        return joined(text, ((*widened(text, start, end, what), what, score) for start, end, what, score in found))

    def is_odd(self, token: Any) -> bool:
        """Whether a word may be a name by nothing but itself: a capital inside a sentence, or in no dictionary."""
        word = token.lower_
        if not token.is_alpha or len(word) < 3 or token.is_stop or word in NO_NAMES or word in SPOKEN:
            return False
        known = bool(self.words) and (word in self.words or token.lemma_.casefold() in self.words)
        return not known or (token.text[0].isupper() and not token.is_sent_start)


def by_rules(text: str) -> Iterator[Found]:
    """What the rules for speech find."""
    talk = talk_of(text)
    yield from searched((*dates.rules(), *ages.rules()), text)
    yield from contacts.found(text)
    yield from numbers.found(text)
    yield from persons.found(talk)
    yield from places.found(text, talk)
    yield from organisations.found(talk)


def with_head(text: str, start: int, end: int) -> tuple[int, int, Identifier]:
    """An unknown word with what makes it a school, a firm and so on, where that follows."""
    head = HEADS.match(text, end)
    return (start, head.end(), Identifier.ORGANISATION) if head else (start, end, Identifier.PERSON)


def dictionary(pipeline: Any) -> frozenset[str]:
    """Words that the model's lemmatiser knows; none when it has no list."""
    if not pipeline.has_pipe("lemmatizer"):
        return frozenset()
    tables = pipeline.get_pipe("lemmatizer").lookups
    words: set[str] = set()
    for name in ("lemma_index", "lemma_exc"):
        for listed in tables.get_table(name).values() if tables.has_table(name) else ():
            words.update(listed)
    return frozenset(words)


def is_no_name(text: str) -> bool:
    """Whether every word is one that only looks like a name."""
    return all(word.casefold() in NEVER for word in re.split(r"[\s.,!?-]+", text) if word)


def widened(text: str, start: int, end: int, what: Identifier) -> tuple[int, int]:
    """A stretch with the rest of its name: what hyphens join, capitalised words after or before it, an "'s"."""
    if what not in NAMES:
        return start, end
    start, end = with_parts(text, start, end, what)
    if not text[start].isupper():
        return start, end
    while (after := AFTER.match(text, end)) and not is_no_name(after[1]):
        end = after.end()
    while (before := BEFORE.search(text, 0, start)) and not is_no_name(before[1]) and before.start() > 0:
        start = before.start()
    return start, end


def with_parts(text: str, start: int, end: int, what: Identifier) -> tuple[int, int]:
    """A stretch with what belongs to it whatever its case: hyphened words, an article, a first name, an "'s"."""
    if before := HYPHENED_BEFORE.search(text, max(0, start - 40), start):
        start = before.start()
    if after := HYPHENED.match(text, end):
        end = after.end()
    if what is Identifier.PERSON and (before := GIVEN_BEFORE.search(text, max(0, start - 40), start)):
        start = before.start()
    if what is Identifier.ORGANISATION and text[max(0, start - 4) : start].casefold() == "the ":
        start -= 4
    if owns := OWNS.match(text, end):
        end = owns.end()
    if small := SMALL_BEFORE.search(text, 0, start):
        start = small.start(1)
    return start, end


def joined(text: str, found: Iterable[tuple[int, int, Identifier, float]]) -> tuple[Hit, ...]:
    """Stretches that overlap made one, and names that only a space or a hyphen parts."""
    hits: list[tuple[int, int, Identifier, float]] = []
    for start, end, what, score in sorted(found, key=lambda f: (f[0], -f[1])):
        if hits and (
            start < hits[-1][1] or (NAMES.issuperset((what, hits[-1][2])) and text[hits[-1][1] : start] in PARTS)
        ):
            first, last, named, best = hits[-1]
            hits[-1] = (first, max(last, end), what if score > best else named, max(score, best))
        else:
            hits.append((start, end, what, score))
    return tuple(Hit(start, end, what) for start, end, what, _ in hits)


def known_names(names: Iterable[str]) -> re.Pattern[str] | None:
    """Names as one expression, longest first; None for none."""
    whole = {name.strip() for name in names if name.strip()}
    parts = {part for name in whole for part in re.split(r"[\s_.,-]+", name) if len(part) > 2 and not part.isdigit()}
    every: Sequence[str] = sorted(whole | parts, key=lambda name: (-len(name), name))
    if not every:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, every))})(?!\w)", re.IGNORECASE)
