"""Thousands of random ledgers: the gate against an oracle that is written differently and fits on a page."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.consent import Grant, Ledger, Party, Record, Refusal, admit, listeners
from toolkit.consent import ledger as ledgers
from toolkit.types import Purpose, Recording, Role

TODAY = date(2026, 11, 23)
RIGHT, WRONG = hashlib.sha256(b"right").hexdigest(), hashlib.sha256(b"wrong").hexdigest()
PEOPLE = (Party(Role.THERAPIST, "T"), Party(Role.CLIENT, "C"), Party(Role.INTERPRETER, "I"))
USUAL = [Purpose.MEASURE, Purpose.TRANSCRIPT]

days = st.integers(-2, 2).map(lambda n: TODAY + timedelta(days=n))
mostly = st.sampled_from([RIGHT] * 6 + [WRONG, ""])


def grant_of(party: Party) -> st.SearchStrategy[Grant]:
    purposes = st.frozensets(st.sampled_from([*USUAL, *USUAL, Purpose.RESEARCH]), min_size=0, max_size=3)
    started = st.integers(-3, 1).map(lambda n: TODAY + timedelta(days=n))
    return st.builds(Grant, st.just(party), purposes, started, st.none() | days)


@st.composite
def records(draw: st.DrawFn) -> Record:
    parties = draw(st.sampled_from([PEOPLE[:2]] * 6 + [PEOPLE, PEOPLE[:1], PEOPLE[1:], ()]))
    given = [g for p in parties for g in draw(st.lists(grant_of(p), min_size=1, max_size=3))]
    kept = draw(st.sampled_from([given] * 9 + [given[1:]]))
    withdrawn = draw(st.sampled_from([None] * 9 + [TODAY]))
    order = draw(st.permutations(kept))
    return Record(tuple(parties), tuple(order), (), draw(mostly), withdrawn)


def oracle(record: Record | None, asked: set[Purpose]) -> str | set[Purpose]:  # noqa: C901, PLR0911 - one place to read
    """The rule that refuses, or the purposes that hold: day by day, straight from the standard."""
    if record is None:
        return "no-record"
    if record.withdrawn_on:
        return "withdrawn"
    if any(g.keep_until and (TODAY - g.keep_until).days > 0 for g in record.grants):
        return "retention-over"
    if PEOPLE[0] not in record.parties or PEOPLE[1] not in record.parties:
        return "party-missing"
    holds: dict[Party, set[Purpose]] = {p: set() for p in record.parties}
    for g in record.grants:
        if (TODAY - g.granted_on).days >= 0 and not (g.expires_on and (TODAY - g.expires_on).days > 0):
            holds[g.party] |= g.purposes
    for party in record.parties:
        for purpose in [x for x in Purpose if x in asked or x == "measure"]:
            about = [g for g in record.grants if g.party == party and purpose in g.purposes]
            if not about:
                return "purpose-not-granted"
            if purpose not in holds[party]:
                return "not-yet-valid" if any(g.granted_on > TODAY for g in about) else "expired"
    if record.recording_sha256 != RIGHT:
        return "other-recording"
    return {p for p in Purpose if all(p in h for h in holds.values())}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path: Path = tmp_path_factory.mktemp("gate") / "a.wav"
    path.write_bytes(b"right")
    return Recording("s", path, "T", "C", "", "", 2, 2, ())


def verdict(recording: Recording, record: Record | None, asked: set[Purpose]) -> str | set[Purpose]:
    book = Ledger({} if record is None else {"s": record})
    try:
        return set(admit(recording, book, purposes=asked, today=TODAY).purposes)
    except Refusal as refusal:
        return refusal.rule


def random_record(dice: random.Random) -> Record | None:
    if dice.random() < 0.03:
        return None
    parties = dice.choice([PEOPLE[:2]] * 6 + [PEOPLE, PEOPLE[:1], PEOPLE[1:], ()])
    given = [
        Grant(
            party,
            frozenset(p for p in [*USUAL, Purpose.RESEARCH] if dice.random() < 0.75),
            TODAY + timedelta(days=dice.randint(-4, 1)),
            dice.choice([None, None, TODAY + timedelta(days=dice.randint(-2, 2))]),
            listeners=frozenset(who for who in ("S1", "S2") if dice.random() < 0.3),
            keep_until=TODAY + timedelta(days=dice.randint(-1, 9)) if dice.random() < 0.1 else None,
        )
        for party in parties
        for _ in range(dice.randint(0 if dice.random() < 0.1 else 1, 3))
    ]
    dice.shuffle(given)
    withdrawn = TODAY if dice.random() < 0.08 else None
    return Record(parties, tuple(given), (), dice.choice([RIGHT] * 8 + [WRONG, ""]), withdrawn)


def may_open(record: Record, purpose: Purpose, who: str) -> bool:
    """Whether every party lets somebody in: by a grant that names them, or one that names nobody."""
    for party in record.parties:
        own = [g for g in record.grants if g.party == party and purpose in g.purposes and g.holds(TODAY)]
        if own and not any(who in g.listeners or not g.listeners for g in own):
            return False
    return True


def test_ten_thousand_ledgers_agree_with_the_oracle(recording: Recording) -> None:
    dice = random.Random(20261123)
    seen: Counter[str] = Counter()
    for _ in range(10_000):
        record, asked = random_record(dice), {p for p in USUAL if dice.random() < 0.5}
        expected = oracle(record, asked)
        assert verdict(recording, record, asked) == expected, (record, asked)
        for who in ("S1", "S2", "S3") if record else ():
            found = listeners.allowed(record, Purpose, who=who, today=TODAY)
            assert found == {p for p in Purpose if may_open(record, p, who)}, (record, who)
        seen[expected if isinstance(expected, str) else "admitted"] += 1
    rules = {
        "no-record",
        "withdrawn",
        "retention-over",
        "party-missing",
        "purpose-not-granted",
        "not-yet-valid",
        "expired",
    }
    for rule in rules | {"other-recording", "admitted"}:
        assert seen[rule] >= 100, (rule, seen)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(records(), st.sets(st.sampled_from(USUAL)))
def test_the_gate_agrees_with_the_oracle(recording: Recording, record: Record, asked: set[Purpose]) -> None:
    assert verdict(recording, record, asked) == oracle(record, asked)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(records())
def test_a_ledger_survives_its_file(tmp_path_factory: pytest.TempPathFactory, record: Record) -> None:
    path = tmp_path_factory.getbasetemp() / "roundtrip.toml"
    book = Ledger({"s": record, "a.b": record})
    ledgers.save(path, book)
    assert dict(ledgers.load(path).records) == dict(book.records)


@settings(max_examples=100, deadline=None)
@given(records(), st.frozensets(st.sampled_from(USUAL), min_size=1), st.none() | days)
def test_a_grant_never_gives_what_was_not_given(old: Record, purposes: frozenset[Purpose], end: date | None) -> None:
    given_now = Grant(PEOPLE[0], purposes, TODAY, end)
    new = ledgers.grant(old, given_now, by=PEOPLE[:2], recording_sha256=RIGHT)
    before = frozenset() if old.withdrawn_on else ledgers.granted(old, TODAY)
    assert ledgers.granted(new, TODAY) <= before | purposes | held_by_each(old)
    assert set(new.parties) >= set(old.parties)


def held_by_each(old: Record) -> frozenset[Purpose]:
    """What the two of the session hold in the old record, whoever else is in it."""
    if old.withdrawn_on:
        return frozenset()
    held = [{p for g in old.grants if g.party == who and g.holds(TODAY) for p in g.purposes} for who in PEOPLE[:2]]
    return frozenset(held[0] & held[1])
