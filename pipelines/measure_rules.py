"""Measure the rule coder and the naming of roles against AnnoMI, and the roles against PriMock57.

Usage: python pipelines/measure_rules.py --data ../shared/data

The videos of AnnoMI are split once by the SHA-256 of their address: 0 to 5 modulo 10 were used to write rules and
fit points ("development"), the rest only here ("held out"). Each utterance counts once: where ten annotators coded,
the majority does. "Like ASR" is the same text in lower case without marks. An AnnoMI utterance is often a whole turn,
so a code counts when it is anywhere in it.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit import roles
from toolkit.coding import behaviours, rules
from toolkit.coding.book import AGREEMENT
from toolkit.settings import RoleSettings, Settings
from toolkit.types import AttributedWord, Code, CodedUtterance, Missing, Recording, Role, SpokenUtterance

REFLECTIONS = {Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION}
QUESTIONS = {Code.OPEN_QUESTION, Code.CLOSED_QUESTION}
ROLE_MINUTES = 3


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance of AnnoMI with the annotators' majority."""

    role: str
    second: int
    text: str
    reflection: bool
    question: bool
    complex: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Session:
    """One transcript of AnnoMI."""

    development: bool
    low_quality: bool
    said: tuple[Said, ...]


def read_annomi(path: Path) -> list[Session]:
    """Sessions in the file's order."""
    groups: dict[str, dict[int, list[dict[str, str]]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            groups.setdefault(row["transcript_id"], {}).setdefault(int(row["utterance_id"]), []).append(row)
    return [session(g) for g in groups.values()]


def session(group: dict[int, list[dict[str, str]]]) -> Session:
    """One session from its rows by utterance."""
    first = next(iter(group.values()))[0]
    fold = int(hashlib.sha256(first["video_url"].encode()).hexdigest(), 16) % 10
    said = tuple(majority(group[i]) for i in sorted(group))
    return Session(fold < 6, first["mi_quality"] == "low", said)


def majority(rows: list[dict[str, str]]) -> Said:
    """One utterance as most of its annotators see it; a tie is no code, simple, closed."""

    def most(column: str, yes: str, no: str) -> bool:
        return sum(r[column] == yes for r in rows) > sum(r[column] == no for r in rows)

    hours, minutes, seconds = (int(part) for part in rows[0]["timestamp"].split(":"))
    return Said(
        role=rows[0]["interlocutor"],
        second=3600 * hours + 60 * minutes + seconds,
        text=rows[0]["utterance_text"],
        reflection=most("reflection_exists", "True", "False"),
        question=most("question_exists", "True", "False"),
        complex=most("reflection_subtype", "complex", "simple"),
        open=most("question_subtype", "open", "closed"),
    )


def like_asr(text: str) -> str:
    """The text in lower case without marks and notes of the transcriber."""
    text = re.sub(r"\[[^\]]*\]", " ", text).lower()
    return re.sub(r"-+(\s|$)|(^|\s)-+", " ", re.sub(r"[^\w\s'\u2019-]", " ", text))


def spoken(index: int, second: float, speaker: str, text: str) -> SpokenUtterance:
    """An utterance with its words at made-up times."""
    words = tuple(AttributedWord(second, second, w, 1.0, speaker) for w in text.split())
    return SpokenUtterance(index, second, second, speaker, len(words), len(words), words)


def utterances(said: Iterable[Said], *, asr: bool) -> list[SpokenUtterance]:
    """The utterances of a session."""
    return [spoken(i, s.second, s.role, like_asr(s.text) if asr else s.text) for i, s in enumerate(said)]


def f1(pairs: Sequence[tuple[bool, bool]]) -> str:
    """Precision, recall and F1 of (found, true) pairs."""
    hit = sum(a and b for a, b in pairs)
    found, true = sum(a for a, _ in pairs), sum(b for _, b in pairs)
    precision, recall = hit / max(1, found), hit / max(1, true)
    return f"P {precision:.3f}  R {recall:.3f}  F1 {2 * hit / max(1, found + true):.3f}  (n={true})"


def kappa(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Cohen's kappa."""
    n = len(pairs)
    agree = sum(a == b for a, b in pairs) / n
    left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(left[k] * right[k] for k in left) / n**2
    return (agree - chance) / (1 - chance)


def measure_codes(sessions: Sequence[Session], coder: rules.RuleCoder) -> None:
    """Print what the coder finds against the annotators."""
    for asr in (False, True):
        pairs: dict[bool, list[tuple[Session, Said, set[Code]]]] = {True: [], False: []}
        for one in sessions:
            coded = coder.code(utterances(one.said, asr=asr), language="en")
            assert not isinstance(coded, Missing)
            pairs[one.development].extend(therapist_codes(one, coded))
        for development in (True, False):
            name = f"{'development' if development else 'held out'}, {'like ASR' if asr else 'as written'}"
            print_codes(name, pairs[development])


def therapist_codes(one: Session, coded: Sequence[CodedUtterance]) -> list[tuple[Session, Said, set[Code]]]:
    """The therapist's utterances, each with the codes found."""
    return [
        (one, s, {a.code for a in c.codes}) for s, c in zip(one.said, coded, strict=True) if s.role == Role.THERAPIST
    ]


def print_codes(name: str, rows: Sequence[tuple[Session, Said, set[Code]]]) -> None:
    """One block of figures."""
    both_r = [(Code.COMPLEX_REFLECTION in c, s.complex) for _, s, c in rows if s.reflection and c & REFLECTIONS]
    both_q = [(Code.OPEN_QUESTION in c, s.open) for _, s, c in rows if s.question and c & QUESTIONS]
    print(f"{name}: {len(rows)} therapist utterances")
    print(f"  reflection        {f1([(bool(c & REFLECTIONS), s.reflection) for _, s, c in rows])}")
    print(f"  question          {f1([(bool(c & QUESTIONS), s.question) for _, s, c in rows])}")
    print(f"  complex or simple kappa {kappa(both_r):.3f}  (n={len(both_r)})")
    print(f"  open or closed    kappa {kappa(both_q):.3f}  (n={len(both_q)})")
    for low in (False, True):
        part = [(bool(c & REFLECTIONS), s.reflection) for o, s, c in rows if o.low_quality is low]
        share, true = sum(a for a, _ in part) / len(part), sum(b for _, b in part) / len(part)
        print(f"  {'low ' if low else 'high'} quality: reflections in {share:.1%} of utterances, truly {true:.1%}")
    print_behaviours(rows)


def print_behaviours(rows: Sequence[tuple[Session, Said, set[Code]]]) -> None:
    """How often the rarer codes and the markers are given; AnnoMI has no reference for them."""
    for code in sorted(behaviours.CODES):
        parts = []
        for low in (False, True):
            found = [code in c for o, _, c in rows if o.low_quality is low]
            parts.append(f"{'low' if low else 'high'} quality {sum(found):4d} ({sum(found) / len(found):.1%})")
        print(f"  {code:26s}{'  '.join(parts)}")


def no_recording() -> Recording:
    """A manifest row that gives nothing away."""
    return Recording("measure", Path("none.wav"), "t", "c", "", "", 0, 0, ())


def measure_roles(name: str, talks: Sequence[list[SpokenUtterance]]) -> None:
    """Print how often the roles are right, wrong and left unknown, with the default confidence asked."""
    right = wrong = unknown = 0
    for talk in talks:
        named = roles.name(talk, sorted({u.speaker for u in talk}), no_recording(), RoleSettings())
        if any(a.role is Role.UNKNOWN for a in named.values()):
            unknown += 1
        elif all(a.role == s for s, a in named.items()):
            right += 1
        else:
            wrong += 1
    print(f"  {name:44s} right {right:3d}  wrong {wrong:3d}  unknown {unknown:3d}  of {len(talks)}")


def measure_annomi_roles(sessions: Sequence[Session]) -> None:
    """Whole sessions and their beginnings."""
    print("roles, AnnoMI")
    for development in (True, False):
        chosen = [s for s in sessions if s.development is development]
        for asr in (False, True):
            name = f"{'development' if development else 'held out'}, {'like ASR' if asr else 'as written'}"
            measure_roles(f"{name}, whole", [utterances(s.said, asr=asr) for s in chosen])
            for minutes in (ROLE_MINUTES, 1):
                early = [[u for u in s.said if u.second - s.said[0].second < 60 * minutes] for s in chosen]
                measure_roles(f"{name}, first {minutes} min", [utterances(e, asr=asr) for e in early])


def read_primock(folder: Path) -> list[list[SpokenUtterance]]:
    """Mock consultations; the doctor stands for the therapist, the patient for the client."""
    talks = []
    for doctor in sorted(folder.rglob("*doctor*.TextGrid")):
        patient = doctor.with_name(doctor.name.replace("doctor", "patient"))
        lines = [(t, Role.THERAPIST.value, x) for t, x in read_grid(doctor)]
        lines += [(t, Role.CLIENT.value, x) for t, x in read_grid(patient)]
        talks.append([spoken(i, t, who, text) for i, (t, who, text) in enumerate(sorted(lines))])
    return talks


def read_grid(path: Path) -> list[tuple[float, str]]:
    """Start and text of each interval with words."""
    found = re.findall(r'xmin = ([\d.]+)\s+xmax = [\d.]+\s+text = "(.*?)"\s*\n', path.read_text(encoding="utf-8"))
    plain = ((float(start), re.sub(r"<[^>]*>", " ", text).strip()) for start, text in found)
    return [(start, text) for start, text in plain if text]


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds annomi/ and primock57/")
    data = parser.parse_args().data
    sessions = read_annomi(data / "annomi" / "annomi_full.csv")
    measure_codes(sessions, rules.create(Settings()))
    for a in AGREEMENT.values():
        print(f"humans, {a.decision}: F1 {a.f1 if not isinstance(a.f1, Missing) else '-'}, kappa {a.kappa_low}")
    measure_annomi_roles(sessions)
    talks = read_primock(data / "primock57")
    if talks:
        print("roles, PriMock57 (doctor and patient, nothing fitted on it)")
        measure_roles("as written, whole", talks)
        measure_roles("as written, first 3 min", [[u for u in t if u.start < 60 * ROLE_MINUTES] for t in talks])


if __name__ == "__main__":
    main()
