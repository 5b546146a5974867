"""Make a study of thousands of sessions that nobody held: valid manifests, tables and consent, no speech, no text.

    python pipelines/synthetic.py --study build/synthetic --sessions 5000

Therapists differ in how much they talk, ask and reflect; each has a few *dialogues*, random ones of `MINUTES` minutes
whose turns, silences and measures are made by the toolkit's own code, and every session is one of its therapist's
dialogues. So the numbers vary between therapists and within, and making a session costs some milliseconds. Of every
20 sessions one has no research consent, and in one dialogue of 25 nobody knows who is who. The same command gives the
same bytes. Recordings are placeholders of a few bytes that no decoder reads.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from toolkit import manifest as manifests
from toolkit import measures, silences, tables, turns
from toolkit.audio import AudioFacts
from toolkit.consent import ledger
from toolkit.consent.ledger import Grant, Party, Record
from toolkit.formats import sessions as table_of_sessions
from toolkit.result import SessionResult
from toolkit.settings import Settings, digest
from toolkit.study import Study
from toolkit.types import (
    AppliedCode,
    AttributedWord,
    Code,
    CodedUtterance,
    Dialogue,
    Missing,
    Provenance,
    Purpose,
    Role,
    RoleAssignment,
    RoleSource,
    SpeakerInterval,
    SpokenUtterance,
)

__all__ = ["make"]

MINUTES = 15.0
DIALOGUES = 4  # of each therapist
SESSIONS_EACH = 40  # of each therapist, about
FIRST_DAY = date(2024, 1, 8)
DAYS = 700
GRANTED_ON = date(2024, 1, 1)
THERAPIST, CLIENT = "SPEAKER_00", "SPEAKER_01"
NOT_FOR_RESEARCH = 20  # one session in so many
UNKNOWN_ROLES = 25  # one dialogue in so many
ASKED = (Code.OPEN_QUESTION, Code.CLOSED_QUESTION)
REFLECTED = (Code.SIMPLE_REFLECTION, Code.COMPLEX_REFLECTION)
CLIENT_TALK = (Code.CHANGE_TALK, Code.SUSTAIN_TALK, Code.NEUTRAL, Code.NEUTRAL)


@dataclass(frozen=True, slots=True)
class Style:
    """How a therapist talks: seconds of an utterance, and how often one asks, reflects, and is followed by silence."""

    seconds: float
    asks: float
    reflects: float
    waits: float


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one dialogue: which it is, of which therapist, and their ids."""

    study: Path
    seed: int
    therapist: int
    dialogue: int
    session_ids: tuple[str, ...]


def make(folder: Path, sessions: int, *, seed: int = 1, workers: int = 0) -> Study:
    """Make a study of so many synthetic sessions in a new folder.

    Parameters
    ----------
    folder
        Where; it must be no study yet.
    sessions
        How many; their ids are ``s00001`` and so on.
    seed
        Another one gives other dialogues.
    workers
        Processes, 0 for one a core.
    """
    study = Study.create(folder)
    ids = [f"s{number:05d}" for number in range(1, sessions + 1)]
    therapists = max(2, sessions // SESSIONS_EACH)
    groups: dict[tuple[int, int], list[str]] = {}
    for number, session_id in enumerate(ids):
        whose = number % therapists
        groups.setdefault((whose, number // therapists % DIALOGUES), []).append(session_id)
    work = [Sessions(folder, seed, *whose, tuple(group)) for whose, group in sorted(groups.items())]
    write_study(study, ids, therapists)
    spawn = multiprocessing.get_context("spawn")  # a forked Polars can stand still
    with ProcessPoolExecutor(workers or os.cpu_count(), mp_context=spawn) as pool:
        list(pool.map(write_sessions, work, chunksize=4))
    return study


def write_study(study: Study, ids: Sequence[str], therapists: int) -> None:
    """Recordings, sessions.csv and the ledger."""
    lines, records = [",".join(table_of_sessions.COLUMNS)], {}
    for number, session_id in enumerate(ids):
        sound = session_id.encode()
        (study.recordings_folder / f"{session_id}.wav").write_bytes(sound)
        therapist, client = f"T{number % therapists + 1:03d}", f"C{number // 6 + 1:05d}"
        day = FIRST_DAY + timedelta(days=number * DAYS // len(ids))
        lines.append(f"{session_id},recordings/{session_id}.wav,{therapist},{client},{day},en,,,,")
        parties = (Party(Role.THERAPIST, therapist), Party(Role.CLIENT, client))
        grants = tuple(Grant(party, purposes(number), GRANTED_ON, None) for party in parties)
        records[session_id] = Record(parties, grants, recording_sha256=hashlib.sha256(sound).hexdigest())
    study.sessions_file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ledger.save(study.consent_file, ledger.Ledger(records))


def purposes(number: int) -> frozenset[Purpose]:
    """What the parties of a session agreed to."""
    most = frozenset({Purpose.MEASURE, Purpose.SUPERVISION})
    return most if number % NOT_FOR_RESEARCH == NOT_FOR_RESEARCH - 1 else most | {Purpose.RESEARCH}


def write_sessions(work: Sessions) -> None:
    """Make one dialogue and write it as the results of each of its sessions, as `toolkit.store.publish` lays them out.

    Nothing is forced to disk: a study that nobody held can be made again.
    """
    import polars as pl

    result = result_of(work)
    frames = tables.frames(result)
    reasons = tables.absent(result)
    for session_id in work.session_ids:
        home = Study(work.study).results / session_id
        home.mkdir(mode=0o700)
        hashes = {}
        for name, frame in frames.items():
            data = tables.encode(frame.with_columns(session_id=pl.lit(session_id)))
            hashes[name] = hashlib.sha256(data).hexdigest()
            (home / f"{name}.parquet").write_bytes(data)
        dialogue = manifests.of(result, absent=reasons, tables=hashes)
        text = manifests.dumps(dialogue).replace('"session_id": "s"', f'"session_id": "{session_id}"')
        (home / manifests.NAME).write_text(text, encoding="utf-8")


def result_of(work: Sessions) -> SessionResult:
    """One random dialogue with its measures, under the session id ``s``."""
    settings = Settings()
    rng = random.Random(f"{work.seed}-{work.therapist}-{work.dialogue}")
    spoken, codes = talk(rng, style(work))
    heard = tuple(SpeakerInterval(u.start, u.end, u.speaker) for u in spoken)
    floor = turns.build(heard, spoken, settings.dialogue, language="en")
    known = (work.therapist * DIALOGUES + work.dialogue) % UNKNOWN_ROLES != UNKNOWN_ROLES - 1
    dialogue = Dialogue(
        session_id="s",
        duration=round(heard[-1].end + 5.0, 3),
        excluded=(),
        roles=roles(rng, known=known),
        activity=heard,
        utterances=spoken,
        turns=floor.turns,
        backchannels=floor.backchannels,
        interruptions=floor.interruptions,
        silences=silences.find(heard, floor.turns, (), settings.dialogue),
        codes=codes,
        words_without_speaker=rng.randrange(20),
        speech_without_words=round(rng.uniform(0, 12), 3),
    )
    return SessionResult(
        dialogue=dialogue,
        utterances=spoken,
        words=Missing("no word was spoken"),
        measures=measures.compute(dialogue, settings),
        provenance=Provenance("0.0", "0" * 64, digest(settings), {}, {}, (Purpose.MEASURE,)),
        key=hashlib.sha256(f"{work.seed}-{work.therapist}-{work.dialogue}".encode()).hexdigest(),
        overlay="",
        facts=AudioFacts(
            "wav", "pcm_s16le", 16000, 1, dialogue.duration, Missing("not said"), 1, "mono", -3.0, -24.0, ()
        ),
        language="en",
        rejected_words=rng.randrange(4),
        warnings=measures.notes(dialogue, settings),
    )


def style(work: Sessions) -> Style:
    """The habits of a therapist."""
    rng = random.Random(f"{work.seed}-{work.therapist}")
    return Style(rng.uniform(2.5, 7.0), rng.uniform(0.15, 0.5), rng.uniform(0.1, 0.45), rng.uniform(0.02, 0.12))


def roles(rng: random.Random, *, known: bool) -> dict[str, RoleAssignment]:
    """Therapist and client, or nobody known."""
    if not known:
        return dict.fromkeys((THERAPIST, CLIENT), RoleAssignment(Role.UNKNOWN, 0.0, RoleSource.NONE))
    sure = round(rng.uniform(0.8, 1.0), 6)
    named = {THERAPIST: Role.THERAPIST, CLIENT: Role.CLIENT}
    return {speaker: RoleAssignment(role, sure, RoleSource.LEXICAL) for speaker, role in named.items()}


def talk(rng: random.Random, habits: Style) -> tuple[tuple[SpokenUtterance, ...], tuple[CodedUtterance, ...]]:
    """Utterances of `MINUTES` minutes, mostly by turns, with pauses, gaps and now and then a long silence."""
    spoken: list[SpokenUtterance] = []
    codes: list[CodedUtterance] = []
    now, who = rng.uniform(0.5, 3.0), THERAPIST
    while now < MINUTES * 60:
        length = round(min(40.0, rng.lognormvariate(0, 0.6) * (habits.seconds if who == THERAPIST else 6.0)) + 0.3, 3)
        start = round(now, 3)
        spoken.append(utterance(len(spoken), start, round(start + length, 3), who))
        codes.append(CodedUtterance(len(codes), tuple(coded(rng, habits, who, len(codes)))))
        long_silence = rng.random() < habits.waits
        now += length + (rng.uniform(3.0, 9.0) if long_silence else rng.lognormvariate(-0.9, 0.6))
        if rng.random() < 0.75:
            who = CLIENT if who == THERAPIST else THERAPIST
    return tuple(spoken), tuple(codes)


def utterance(index: int, start: float, end: float, who: str) -> SpokenUtterance:
    """An utterance of about three words a second, none of which says anything."""
    count = max(1, round((end - start) * 3))
    step = (end - start) / count
    words = (AttributedWord(start + i * step, start + (i + 1) * step, "mm-word", 0.9, who) for i in range(count))
    return SpokenUtterance(index, start, end, who, count, round(count * 1.4), tuple(words))


def coded(rng: random.Random, habits: Style, who: str, index: int) -> Iterator[AppliedCode]:
    """What an utterance is coded as."""
    drawn = rng.random()
    if who == CLIENT:
        yield AppliedCode(rng.choice(CLIENT_TALK), "synthetic", "drawn", 0, 0, -1)
    elif drawn < habits.asks:
        yield AppliedCode(rng.choice(ASKED), "synthetic", "drawn", 0, 0, -1)
    elif drawn < habits.asks + habits.reflects:
        yield AppliedCode(rng.choice(REFLECTED), "synthetic", "drawn", 0, 0, index - 1)
    elif drawn < 0.9:
        yield AppliedCode(Code.GIVING_INFORMATION, "synthetic", "drawn", 0, 0, -1)


def main() -> None:
    """Make the study that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", type=Path, required=True, help="a new folder")
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    make(chosen.study, chosen.sessions, seed=chosen.seed)
    print(f"{chosen.study.name}: {chosen.sessions} synthetic sessions")


if __name__ == "__main__":
    main()
