"""What one process keeps while it works for a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from toolkit import threads
from toolkit.batch.outcomes import Job
from toolkit.consent.admit import admit
from toolkit.consent.ledger import Ledger
from toolkit.listening import Backends
from toolkit.settings import Settings, with_coder
from toolkit.stages.keys import Keys, Machinery, keys_of, machinery_of
from toolkit.study import Study
from toolkit.types import Purpose, Recording

__all__ = ["Workplace"]


class Workplace:
    """What a process keeps from one session to the next: rows, settings and digests, ledger, and the models.

    Parameters
    ----------
    job
        What the run asks for.

    Raises
    ------
    ToolkitError
        When settings or sessions cannot be read.
    """

    def __init__(self, job: Job) -> None:
        threads.steady()
        threads.compact()
        self.job = job
        self.study = Study(Path(job.root))
        self.settings: Settings = with_coder(self.study.settings(), job.coder)
        self.recordings: Mapping[str, Recording] = self.study.recordings()
        self.machinery: Machinery = machinery_of(self.settings)
        self.backends = Backends(self.settings)
        self._ledger: tuple[tuple[int, ...], Ledger] | None = None

    def ledger(self) -> Ledger:
        """The ledger as it stands now; read again only when the file is another or was written to."""
        try:
            found = self.study.consent_file.stat()
            mark = (found.st_ino, found.st_size, found.st_mtime_ns)
        except OSError:
            return self.study.ledger()  # says what is wrong
        if self._ledger is None or self._ledger[0] != mark:
            self._ledger = (mark, self.study.ledger())
        return self._ledger[1]

    def recording(self, session_id: str) -> Recording:
        """The row of a session, as it was when the process began."""
        return self.recordings[session_id] if session_id in self.recordings else self.study.recording(session_id)

    def keys(self, session_id: str) -> Keys:
        """The keys of a session's stages, if consent lets it in today; raises as `admit`."""
        today = date.today()  # noqa: DTZ011 - consent expires by the calendar of the place
        consented = admit(self.recording(session_id), self.ledger(), purposes=[Purpose.MEASURE], today=today)
        return keys_of(consented, self.machinery)

    def smaller(self) -> Backends:
        """Backends that take less memory: one chunk at a time."""
        one = replace(self.settings.words, batch_size=1)
        return Backends(replace(self.settings, words=one))
