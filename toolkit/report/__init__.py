"""A report of one session as one file, for a screen or for paper; it needs nothing else, and nothing from a network.

`content` says what is in it, with the views that notebooks show; `page` makes HTML of it, `paper` a PDF. A report is an
export: consent is asked on the day it is written, words are in it only with the purpose *transcript*, and the audit log
notes it.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from enum import StrEnum
from pathlib import Path

from toolkit import display
from toolkit.atomic import write_bytes
from toolkit.consent import audit
from toolkit.display.reading import Review
from toolkit.errors import InputError
from toolkit.export import check_output, check_outside
from toolkit.privacy import vault
from toolkit.report import content, page, paper
from toolkit.store.sealing import REPORT, reports
from toolkit.study import Study

__all__ = ["Form", "build", "write"]

ABOUT = (
    "It describes how one session went, from its recording, and scores no person. Compare a therapist with their own "
    "earlier sessions first, and take what stands out as a question."
)


class Form(StrEnum):
    """What kind of file."""

    HTML = "html"
    PDF = "pdf"


def write(study: Study, session_id: str, output: Path, *, form: Form, force: bool = False) -> bool:
    """Write the report of a session, whole or not at all, and note it in the audit log.

    Parameters
    ----------
    study, session_id
        Whose results.
    output
        The file; it must lie outside the study's own files. In the folder of an encrypted study it is encrypted too,
        under the name that `place` gives.
    form
        HTML or PDF.
    force
        Write over a file that is there.

    Returns
    -------
    bool
        Whether it holds what was said.

    Raises
    ------
    ConsentError
        When consent does not cover the session today.
    InputError
        When there are no results, or the file is there already.
    StoreError
        When the results are damaged, or the file cannot be written.
    """
    output = place(study, output)
    check_output(study, study.recording(session_id).path, output, force=force)
    review = display.scan(study.root, session_id, where="report")
    made = build(review, form=form)
    # noted first, as for every export
    digest = hashlib.sha256(made).hexdigest()
    holds = ["words"] if review.texts or review.noted.notes else []
    told: dict[str, audit.Detail] = {"format": str(form), "holds": holds, "sha256": digest}
    if output.suffix == REPORT:
        with study.editing():  # no change of the recipients comes between
            file = vault.seal(study.root, made)
            told["file_sha256"] = hashlib.sha256(file).hexdigest()  # so that a withdrawal finds it without a key
            audit.append(study.audit_file, "export-report", session_id=session_id, **told)
            write_bytes(output, file)
    else:
        audit.append(study.audit_file, "export-report", session_id=session_id, **told)
        write_bytes(output, made)
    return bool(holds)


def place(study: Study, output: Path) -> Path:
    """Where a report is written that is to be `output`: with ``.age`` behind it in the folder of an encrypted study."""
    inside = output.resolve().is_relative_to(study.root.resolve())
    sealed = inside and vault.is_sealed(vault.seal(study.root, b""))
    return output.with_name(f"{output.name}{REPORT}") if sealed and output.suffix != REPORT else output


def opened(study: Study, path: Path, output: Path, *, force: bool = False) -> None:
    """Write an encrypted report of the study as it is, to a file outside of it, and note it in the audit log.

    Raises
    ------
    InputError
        When there is no such report, or the output lies in the study or is there already.
    ConfigError
        When no key for it is here.
    StoreError
        When it is damaged, or the file cannot be written.
    """
    check_output(study, path, output, force=force)
    check_outside(study, output)
    if path.resolve() not in {p.resolve() for p in reports(study)}:
        raise InputError(f"{path.name} is no encrypted report of this study.", hint="Its name ends in .age.")
    made = vault.unseal(study.root, path.read_bytes(), what=path.name)
    audit.append(study.audit_file, "export-report", format="opened", sha256=hashlib.sha256(made).hexdigest())
    write_bytes(output, made)


def build(review: Review, *, form: Form) -> bytes:
    """The file's content."""
    title = f"Session report: {review.session_id}"
    day = date.today().isoformat()  # noqa: DTZ011 - the date of the place
    about = f"Written on {day}, as far as consent went on that day. {ABOUT}"
    language = review.manifest.language if re.fullmatch("[a-z]{2,3}", review.manifest.language) else ""
    told = content.sections(review)
    if form is Form.PDF:
        return paper.render(title, about, told, language=language)
    return page.render(title, about, told, language=language).encode()
