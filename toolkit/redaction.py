"""A redacted draft of a study for research: what was said without identifiers, for a person to review and sign off.

Only sessions whose every party granted research, transcript and measure are in it. Session and person ids are random
(nothing leads back from them, and no key is kept), dates are moved by a number of days of each client's own,
identifiers in text are replaced (`toolkit.privacy`), and there is no audio and no voice. A leak report says how many
identifiers of which class the redaction finds in sentences made for that, and how often known names are in the draft.

Where it is asked for, and every party granted supervision too (that the sound may be heard), the sound is there with
the stretches of `toolkit.privacy.redacting.silencing` silent. It is a voice, and stays the voice of somebody.

::

    README.txt          what it is, and what it is not
    sessions.csv        session, therapist, client, recorded_on, language, duration
    measures.csv        every measure of every session
    transcripts/….csv   utterance, start, end, role, text; one file a session
    audio/….wav         only where it is asked for: 16 kHz, 16 bits, mono
    leaks.json          the leak report
    draft.json          SHA-256 of every file
    signed-off.json     once a person has reviewed it
"""

from __future__ import annotations

import hashlib
import json
import random
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit import atomic, models, store
from toolkit.consent import audit
from toolkit.consent.admit import admit
from toolkit.errors import ConsentError, InputError, StoreError
from toolkit.formats import csv_out
from toolkit.formats.sessions import check_party
from toolkit.privacy.redacting import silencing
from toolkit.privacy.redacting.leaks import names_in, of_sets
from toolkit.privacy.redacting.surrogates import Surrogates, shifted
from toolkit.privacy.redacting.synthetic import Source
from toolkit.study import Study
from toolkit.types import Missing, Purpose, Recording

if TYPE_CHECKING:
    from toolkit.privacy.redacting.finding import Finder

__all__ = ["Draft", "export", "sign_off"]

NEEDED = frozenset({Purpose.MEASURE, Purpose.TRANSCRIPT, Purpose.RESEARCH})
MODEL = "en_core_web_sm"
FURTHEST = 364  # days by which a client's dates are moved, back or forth; never 0
SESSION_COLUMNS = ("session", "therapist", "client", "recorded_on", "language", "duration")
SAID_COLUMNS = ("utterance", "start", "end", "role", "text")
SETS = {
    Source.SEEN: "seen while the rules were made",
    Source.HELD_OUT: "held out",
    Source.HELD_OUT_TWO: "held out, a second set",
}
DRAFT, SIGNED, LEAKS = "draft.json", "signed-off.json", "leaks.json"
README = """\
A redacted draft for a reviewer.

Identifiers were looked for by a program and replaced by tags such as [person 2]. It misses some: leaks.json says how
many of which class it finds in sentences made for that; those held out, which no rule was made with, tell what to
expect. So this is not de-identified material, and must not be passed on before a person has read it and signed it off:
toolkit export STUDY --sign-off FOLDER --by ID

Session and person ids are random; no key to them is kept. Dates are moved by a number of days of each client's own.
"""
NO_AUDIO = "There is no audio in it, and nothing of a voice.\n"
AUDIO = """\
The folder audio holds the sound of the sessions whose parties agreed to its being heard. It is silent where identifiers
were found in the words, where somebody speaks and no words were found, and where a party had a portion left out. But a
voice identifies the person it belongs to (45 CFR 164.514(b)(2)(i)(P)), and names that the program missed can be heard.
So this is no Safe Harbor material, whoever signs it off: keep it as you keep the recordings.
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was written: how many sessions, which were left out and why, the leak report; and of the sound the same."""

    sessions: int
    left_out: Mapping[str, str]
    leaks: Mapping[str, Any]
    sounding: int
    silent: Mapping[str, str]


@dataclass(slots=True)
class Disguise:
    """What stands for whom in one draft; made anew for each, and kept nowhere."""

    surrogates: Surrogates = field(default_factory=Surrogates)
    people: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    days: dict[str, int] = field(default_factory=dict)
    dice: random.Random = field(default_factory=secrets.SystemRandom)

    def person(self, who: str, kind: str) -> str:
        """Random ids in place of one or several."""
        return ";".join(self.people.setdefault(one, f"{kind}-{secrets.token_hex(4)}") for one in who.split(";"))

    def session(self, session_id: str) -> str:
        """A random id in place of a session's."""
        return self.sessions.setdefault(session_id, f"session-{secrets.token_hex(4)}")

    def days_of(self, client: str) -> int:
        """By how many days the dates of a client are moved."""
        return self.days.setdefault(client, self.dice.choice([-1, 1]) * self.dice.randint(1, FURTHEST))


def export(study: Study, folder: Path, *, names: Iterable[str] = (), audio: bool = False) -> Draft:
    """Write a redacted draft into a new folder, and note it in the audit log.

    Parameters
    ----------
    study
        Whose sessions.
    folder
        The folder to make; it must not be there, and not lie in the study.
    names
        Names of people and places that somebody knows to occur, beside those in ``sessions.csv``.
    audio
        With the sound of the sessions that supervision covers too, silent where identifiers are said.

    Raises
    ------
    ConsentError
        When research covers no session today, or a recording is not the one that consent was given for.
    InputError
        When the folder is there or lies in the study, or a recording cannot be read.
    BackendError
        When Presidio is not installed.
    StoreError
        When results are damaged, or the draft cannot be written.
    """
    from toolkit.privacy.redacting.finding import Finder

    check_folder(study, folder)
    chosen, left_out = covered(study)
    if not chosen:
        why = next(iter(left_out.values()), "the study has no sessions")
        raise ConsentError(
            f"no session can be in a research export: {why}.",
            hint="All of measure, transcript and research are needed.",
        )
    known = [*names, *known_of(study.recordings().values())]
    model = models.path(MODEL)
    finder, disguise = Finder(model, known), Disguise()
    readme = README + (AUDIO if audio else NO_AUDIO)
    files = {"README.txt": readme.encode(), **content(study, chosen, finder, disguise)}
    leaks = report(model, files, known)
    files[LEAKS] = as_json(leaks)
    heard, silent = audible(study, chosen) if audio else ([], {})
    with staged(folder) as staging:
        hashes = {name: put(staging, name, data) for name, data in files.items()}
        for recording in heard:
            name = f"audio/{disguise.session(recording.session_id)}.wav"
            hashes[name] = put(staging, name, sound(study, recording, finder))
        digest = put(staging, DRAFT, as_json(dict(sorted(hashes.items()))))
        for recording in chosen:  # noted before it has its name: as for every export
            is_heard = int(recording in heard)
            audit.append(
                study.audit_file, "export-redacted", session_id=recording.session_id, sha256=digest, audio=is_heard
            )
    return Draft(len(chosen), left_out, leaks, len(heard), silent)


def check_folder(study: Study, folder: Path) -> None:
    """Refuse a folder that is there, or lies in the study."""
    if folder.exists() or folder.is_symlink():
        raise InputError(f"{folder.name} is there already.", hint="Give the name of a new folder.")
    if folder.resolve().is_relative_to(study.root.resolve()):
        raise InputError(f"{folder.name} lies in the study itself.", hint="Give a folder outside of it.")
    if not folder.parent.is_dir():
        raise InputError(f"there is no folder {folder.parent.name} for {folder.name}.", hint="Make it first.")


def covered(study: Study) -> tuple[list[Recording], dict[str, str]]:
    """Sessions that research covers today and whose text was kept, and why each of the others is not among them."""
    ledger, chosen, left_out = study.ledger(), [], {}
    for session_id, recording in study.recordings().items():
        lacking = store.lacking(ledger, session_id, NEEDED)
        found = store.usable(study, session_id, ledger)
        if lacking:
            left_out[session_id] = lacking
        elif found is None or "restricted/utterances" not in found.tables:
            left_out[session_id] = "there are no results with text"
        else:
            chosen.append(recording)
    return chosen, left_out


def known_of(recordings: Iterable[Recording]) -> list[str]:
    """What ``sessions.csv`` says of people: their ids, and words in the names of files and sessions."""
    return [
        name
        for r in recordings
        for name in (*r.therapist.split(";"), *r.client.split(";"), r.session_id, *stems(r))
        if len(name) > 1
    ]


def stems(recording: Recording) -> tuple[str, ...]:
    """The names of a session's own files, without what follows the last dot."""
    brought = recording.transcript
    return (recording.path.stem, *((brought.path.stem,) if brought else ()))


def audible(study: Study, chosen: Iterable[Recording]) -> tuple[list[Recording], dict[str, str]]:
    """Sessions whose sound may be in the draft, and why that of each of the others is not."""
    ledger, heard, silent = study.ledger(), [], {}
    for recording in chosen:
        if not recording.has_sound:
            silent[recording.session_id] = "there is no recording"
        elif Purpose.SUPERVISION not in store.covered(ledger, recording.session_id):
            silent[recording.session_id] = "consent does not cover the purpose supervision today"
        else:
            heard.append(recording)
    return heard, silent


def sound(study: Study, recording: Recording, finder: Finder) -> bytes:
    """The sound of a session as a WAV file, silent where `silencing` and the consent of its parties want it to be."""
    from toolkit import audio
    from toolkit.audio.pcm import in_16_bits, wav

    needed = (*NEEDED, Purpose.SUPERVISION)
    consented = admit(recording, study.ledger(), purposes=needed, today=date.today())  # noqa: DTZ011 - the clinic's day
    samples = in_16_bits(audio.load(consented, study.settings().audio).mix)
    result = store.load(study, recording.session_id)
    if isinstance(result.utterances, Missing) or isinstance(result.words, Missing):
        raise StoreError(f"session {recording.session_id}: its text is gone meanwhile.", hint="Run it again.")
    spans = [span for u in result.utterances for span in silencing.of_hits(u, finder.find(u.text))]
    speech = [interval.span for interval in result.dialogue.activity]
    spans += silencing.unread(result.words, result.utterances, speech)
    for span in silencing.padded(spans):
        samples[round(span.start * audio.RATE) : round(span.end * audio.RATE)] = 0
    return wav(samples)


def content(study: Study, chosen: Iterable[Recording], finder: Finder, disguise: Disguise) -> dict[str, bytes]:
    """The tables and transcripts, sessions in random order."""
    shuffled = list(chosen)
    disguise.dice.shuffle(shuffled)
    rows: list[list[object]] = []
    measures: list[list[object]] = []
    columns: list[str] = []
    files: dict[str, bytes] = {}
    for recording in shuffled:
        result = store.load(study, recording.session_id)
        own, days = disguise.session(recording.session_id), disguise.days_of(recording.client)
        people = [disguise.person(recording.therapist, "therapist"), disguise.person(recording.client, "client")]
        when = shifted(recording.recorded_on, days)
        rows.append([own, *people, when, result.language, round(result.dialogue.duration, 1)])
        frame = store.read(study, recording.session_id, "measures").drop("session_id")
        columns = frame.columns
        measures += [[own, *row] for row in frame.iter_rows()]
        if isinstance(result.utterances, Missing):
            raise StoreError(f"session {recording.session_id}: its text is gone meanwhile.", hint="Run it again.")
        said = [
            [
                number,
                f"{u.start:.2f}",
                f"{u.end:.2f}",
                str(result.dialogue.role_of(u.speaker)),
                disguise.surrogates.redacted(u.text, finder.find(u.text), days=days),
            ]
            for number, u in enumerate(result.utterances)
        ]
        files[f"transcripts/{own}.csv"] = csv_out.dumps(SAID_COLUMNS, said).encode()
    files["sessions.csv"] = csv_out.dumps(SESSION_COLUMNS, rows).encode()
    files["measures.csv"] = csv_out.dumps(("session", *columns), measures).encode()
    return files


def report(model: Path, files: Mapping[str, bytes], known: Iterable[str]) -> dict[str, Any]:
    """What the redaction finds in sentences made for that, and how often known names are in the draft."""
    texts = [data.decode() for name, data in files.items() if name != "README.txt"]
    return {
        "what_this_is": "a redacted draft for a reviewer; recall below 1 means that identifiers are left",
        "synthetic_sentences": {
            SETS[source]: {"sentences": count, "classes": {str(w): score.as_dict() for w, score in scores.items()}}
            for source, (count, scores) in of_sets(model).items()
        },
        "known_names_left": names_in(texts, known),
    }


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A private folder beside it that gets its name in the end, whole, or is deleted."""
    try:
        staging = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:80]}."))
        try:
            yield staging
            staging.rename(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)  # still there only when something above failed
    except OSError as error:
        raise atomic.store_error(folder, error) from None


def put(folder: Path, name: str, data: bytes) -> str:
    """Write one file; returns its SHA-256."""
    (folder / name).parent.mkdir(mode=0o700, exist_ok=True)
    atomic.write_bytes(folder / name, data)
    return hashlib.sha256(data).hexdigest()


def sign_off(study: Study, folder: Path, *, by: str, today: date) -> int:
    """Note that a person has reviewed a draft as it is, and stands for its being passed on; returns how many files.

    Raises
    ------
    InputError
        When it is no draft, was changed in a way that is not listed, or is signed off already; or nobody is named.
    StoreError
        When it cannot be written.
    """
    who = check_party(by, where="--by", column="the reviewer")
    try:
        listed = json.loads((folder / DRAFT).read_text(encoding="utf-8"))
        there = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in listed}
    except (OSError, ValueError, TypeError):
        raise InputError(f"{folder.name} is no redacted draft, or a file of it is gone.") from None
    if (folder / SIGNED).exists():
        raise InputError(f"{folder.name} is signed off already.")
    # a reviewer takes out by hand what the program missed: what is signed is what is there now
    changed = sorted(name for name, digest in there.items() if listed[name] != digest)
    digest = hashlib.sha256(as_json(there)).hexdigest()
    audit.append(study.audit_file, "export-signed-off", by=who, sha256=digest, changed=len(changed))
    signed = {"reviewed_by": who, "on": today.isoformat(), "changed_by_hand": changed, "files": there, "sha256": digest}
    atomic.write_bytes(folder / SIGNED, as_json(signed))
    return len(there)


def as_json(value: Any) -> bytes:
    """Canonical JSON."""
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
