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
from toolkit.export import check_output
from toolkit.report import content, page, paper
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
        The file; it must lie outside the study's own files.
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
    check_output(study, study.recording(session_id).path, output, force=force)
    review = display.scan(study.root, session_id, where="report")
    made = build(review, form=form)
    # noted first, as for every export
    digest = hashlib.sha256(made).hexdigest()
    holds = ["words"] if review.texts or review.noted.notes else []
    audit.append(study.audit_file, "export-report", session_id=session_id, format=str(form), holds=holds, sha256=digest)
    write_bytes(output, made)
    return bool(holds)


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
