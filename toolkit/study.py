"""A study: the folder that holds settings, sessions, consent, results and the audit log.

::

    study/
      toolkit.toml      settings
      sessions.csv      one row a recording
      consent.toml      who agreed to what
      recordings/       or anywhere else
      results/          one folder a session
      stages/           what each stage gave, one folder a session, so that a change runs only what it touches
      overlay/          corrections by a human, one file a session
      voices/           embeddings of people who agreed; private, never exported
      audit.jsonl       what was done, append-only
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from toolkit import atomic, settings
from toolkit.consent import ledger
from toolkit.consent.admit import open_recording
from toolkit.errors import InputError, StoreError
from toolkit.formats import sessions
from toolkit.types import Recording

__all__ = ["Study"]


@dataclass(frozen=True, slots=True)
class Study:
    """Where everything of one study lies.

    Parameters
    ----------
    root
        The study's folder. `Study.open` checks that it is one.
    """

    root: Path

    @property
    def settings_file(self) -> Path:
        """``toolkit.toml``."""
        return self.root / "toolkit.toml"

    @property
    def sessions_file(self) -> Path:
        """``sessions.csv``."""
        return self.root / "sessions.csv"

    @property
    def consent_file(self) -> Path:
        """``consent.toml``."""
        return self.root / "consent.toml"

    @property
    def audit_file(self) -> Path:
        """``audit.jsonl``."""
        return self.root / "audit.jsonl"

    @property
    def results(self) -> Path:
        """The folder of results, one folder a session."""
        return self.root / "results"

    def stages(self, session_id: str) -> Path:
        """Where a session's stage results are kept; the folder of all for an empty id. See `toolkit.store.keeping`."""
        return self.root / "stages" / session_id

    def failure(self, session_id: str) -> Path:
        """Where it stands how a session failed last; see `toolkit.batch.failures`."""
        return self.stages(session_id) / "failure.json"

    def overlay(self, session_id: str) -> Path:
        """Where a human's corrections of one session lie; see `toolkit.overlay`."""
        return self.root / "overlay" / f"{session_id}.csv"

    @property
    def recordings_folder(self) -> Path:
        """The folder for recordings; they may lie anywhere else too."""
        return self.root / "recordings"

    @property
    def name(self) -> str:
        """The folder's own name, for messages."""
        return self.root.resolve().name or "study"

    @classmethod
    def open(cls, path: Path) -> Study:
        """Find a study that is there.

        Raises
        ------
        InputError
            When `path` is no study, with the nearest folder that is one.
        """
        try:
            if _is_study(path):
                return cls(path)
            hint = _nearest_study(path)
            if not path.exists():
                raise InputError(f"no such study: {path.name}.", hint=hint)
        except PermissionError:
            raise InputError(f"no permission to look into {path.name}.") from None
        if not path.is_dir():
            raise InputError(f"{path.name} is a file, not a study's folder.", hint=hint)
        raise InputError(f"{_name(path)} is no study: it has no toolkit.toml.", hint=hint)

    @classmethod
    def create(cls, path: Path) -> Study:
        """Make a new, empty study; files already in the folder stay as they are.

        Raises
        ------
        InputError
            When `path` is a file, or a study already.
        StoreError
            When it cannot be written; what was made until then is taken away again.
        """
        study = cls(path)
        try:
            if path.is_dir() and _is_study(path):
                raise InputError(f"{_name(path)} is a study already.", hint="Add recordings to it with: toolkit add")
            if path.exists() and not path.is_dir():
                raise InputError(f"{path.name} is a file.", hint="Give the name of a new folder.")
        except PermissionError as error:
            raise atomic.store_error(path, error) from None
        made: list[Path] = []
        try:
            for folder in (*reversed(path.parents), path, study.recordings_folder, study.results):
                _make_folder(folder, made)
            # the settings come last: a folder that has them is a study
            for file, text in (
                (study.consent_file, ledger.dump(ledger.Ledger())),
                (study.sessions_file, ",".join(sessions.COLUMNS) + "\n"),
                (study.settings_file, settings.to_toml(settings.Settings())),
            ):
                if not file.exists():
                    made.append(file)
                    atomic.write_text(file, text)
        except StoreError:
            for thing in reversed(made):
                _take_away(thing)
            raise
        return study

    def settings(self) -> settings.Settings:
        """The settings of this study; see `toolkit.settings.load`."""
        return settings.load(self.settings_file)

    def ledger(self) -> ledger.Ledger:
        """The consent ledger of this study; see `toolkit.consent.ledger.load`."""
        return ledger.load(self.consent_file)

    def recordings(self) -> dict[str, Recording]:
        """All sessions by id, in the order of ``sessions.csv``; see `toolkit.formats.sessions.read`."""
        return sessions.read(self.sessions_file, root=self.root)

    def recording(self, session_id: str) -> Recording:
        """One session.

        Raises
        ------
        InputError
            When there is none of that id, with the nearest.
        """
        known = self.recordings()
        if session_id in known:
            return known[session_id]
        near = difflib.get_close_matches(session_id, known, n=1, cutoff=0.5)
        few = ", ".join(list(known)[:8]) + (" …" if len(known) > 8 else "")
        hint = f"Did you mean {near[0]}?" if near else f"Known: {few}." if known else "Add it with: toolkit add"
        raise InputError(f"no session {session_id[:80]} in sessions.csv.", hint=hint)

    def add(self, path: Path, columns: Mapping[str, str]) -> Recording:
        """Add a recording to ``sessions.csv``; the file itself stays where it is.

        Parameters
        ----------
        path
            The audio file; written relative to the study when it lies inside, else absolute.
        columns
            The other columns of ``sessions.csv`` as text; see `toolkit.formats.sessions`.

        Raises
        ------
        InputError
            When a value is not allowed, the session or the file is there already, or the file is missing, empty, no
            regular file or not readable.
        StoreError
            When ``sessions.csv`` cannot be written.
        """
        row = {**columns, "recording": self._written(path)}
        session_id = row["session_id"]
        new = sessions.parse(row, root=self.root, where=f"session {session_id[:80]}")
        with open_recording(new) as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise InputError(f"session {session_id}: {path.name} is empty.", hint="Was it copied to the end?")
        with self.editing():
            for other in self.recordings().values():
                if other.session_id.casefold() == session_id.casefold():
                    raise InputError(
                        f"session {session_id} is in sessions.csv already.",
                        hint="Give another --session, or change its line in sessions.csv.",
                    )
                if other.path.exists() and other.path.samefile(new.path):
                    raise InputError(f"session {session_id}: {path.name} is session {other.session_id} already.")
            sessions.append(self.sessions_file, row)
        return new

    def bring(self, path: Path, columns: Mapping[str, str], *, force: bool = False) -> Recording:
        """Put a transcript made elsewhere on the list: of a session that is there, or of a new one without sound.

        Parameters
        ----------
        path
            The transcript; it stays where it is, as a recording does.
        columns
            ``session_id``, ``transcript_speakers`` and, for a new session, the other columns.
        force
            In place of another transcript.

        Raises
        ------
        InputError
            When a value is not allowed, or the session has a transcript already.
        StoreError
            When ``sessions.csv`` cannot be written.
        """
        session_id = columns["session_id"]
        row = {**columns, "transcript": self._written(path)}
        with self.editing():
            old = self.recordings().get(session_id)
            if old is None:
                new = sessions.parse({**row, "recording": ""}, root=self.root, where=f"session {session_id[:80]}")
                if session_id.casefold() in {known.casefold() for known in self.recordings()}:
                    raise InputError(f"session {session_id} differs from another in capital letters only.")
                sessions.append(self.sessions_file, row)
                return new
            if old.transcript is not None and not force:
                raise InputError(
                    f"session {session_id} has a transcript already.", hint="Add --force to put this one in its place."
                )
            given = {name: text for name, text in row.items() if text or name.startswith("transcript")}
            sessions.amend(self.sessions_file, session_id, given)
            return self.recording(session_id)

    def _written(self, path: Path) -> str:
        """A recording's path as ``sessions.csv`` has it: symbolic links of its folder resolved, not its own."""
        absolute = path.parent.resolve() / path.name
        root = self.root.resolve()
        return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else str(absolute)

    @contextmanager
    def editing(self) -> Iterator[None]:
        """Hold the study's lock while ``sessions.csv`` or ``consent.toml`` is read, changed and written.

        Raises
        ------
        StoreError
            When another process holds it, or the folder cannot be written.
        """
        with atomic.locked(self.root / ".toolkit.lock"):
            yield


def _is_study(path: Path) -> bool:
    return (path / "toolkit.toml").is_file() or (path / "sessions.csv").is_file()


def _name(path: Path) -> str:
    return path.name or path.resolve().name or "this folder"


def _nearest_study(path: Path) -> str:
    """Say where a study is near: around the path, inside it, or beside it under a similar name."""
    around = next((p for p in path.resolve().parents if _is_study(p)), None)
    if around is not None:
        return f"Did you mean the folder around it, {around.name}?"
    inside = _studies(path)
    if inside:
        return f"Did you mean {_name(path)}/{inside[0]}?"
    near = difflib.get_close_matches(path.name, _studies(path.parent), n=1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else "Make one with: toolkit init STUDY"


def _studies(folder: Path) -> list[str]:
    """Names of the studies directly inside a folder; none when it cannot be looked into."""
    try:
        return sorted(p.name for p in folder.iterdir() if _is_study(p))
    except OSError:
        return []


def _make_folder(folder: Path, made: list[Path]) -> None:
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700)
            made.append(folder)
    except OSError as error:
        raise atomic.store_error(folder, error) from None


def _take_away(thing: Path) -> None:
    """Remove a file or an empty folder that `create` made; somebody else's file in it keeps a folder."""
    try:
        if thing.is_dir():
            thing.rmdir()
        else:
            thing.unlink()
    except OSError:
        return
