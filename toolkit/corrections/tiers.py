"""Codes that a human set in ELAN or Praat, laid over a session: one correction an utterance.

Read are the tiers ``codes@SPEAKER`` (and ``codes2@SPEAKER`` …) of a file that `toolkit.export` wrote. An annotation
belongs to the utterance of that speaker that it overlaps most; where a coder drew it anew, the edges need not be the
same. An utterance without an annotation is left as it is; ``none`` says that it has no code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from toolkit import overlay, store
from toolkit.corrections.writing import correct, require
from toolkit.errors import InputError
from toolkit.formats import eaf, textgrid
from toolkit.formats.conversation import Coded
from toolkit.formats.lines import read_text
from toolkit.intervals import Span, milliseconds, overlap
from toolkit.overlay import Correction, What
from toolkit.study import Study
from toolkit.telling import Labels, speaker_names
from toolkit.types import Missing, Purpose, Utterance

__all__ = ["ENDINGS", "import_tiers"]

ENDINGS = (".eaf", ".textgrid")
SHORT = {eaf.NONE: overlay.NOTHING}


def import_tiers(study: Study, session_id: str, path: Path, *, by: str) -> int:
    """Lay the codes of a file over a session: all of them, or none when one is wrong.

    Parameters
    ----------
    study, session_id
        Whose utterances.
    path
        An EAF or a TextGrid.
    by
        Who coded: a pseudonymous id.

    Returns
    -------
    int
        How many utterances were coded.

    Raises
    ------
    InputError
        When the file cannot be read, holds no human's codes, or one of them is no code or at no utterance.
    ConsentError
        When consent does not cover the session today.
    """
    study.recording(session_id)
    require(study, session_id, Purpose.MEASURE)
    if not overlay.coder_id(by):
        raise InputError("who coded it?", hint="Give a pseudonymous id: --by T2")
    form = eaf if path.name.casefold().endswith(".eaf") else textgrid
    coded = [c for c in form.load(read_text(path), path.name).codes if c.human]
    if not coded:
        raise InputError(f"{path.name} holds no codes of a human.", hint="Write them into the tiers codes@SPEAKER.")
    dialogue = store.load_dialogue(study, session_id)[0]
    said = () if isinstance(dialogue.utterances, Missing) else dialogue.utterances
    names = speaker_names(dialogue, {u.speaker for u in said}, Labels.ROLE)
    given: dict[Utterance, list[str]] = {}
    for number, entry in enumerate(coded, start=1):
        u = nearest([u for u in said if entry.speaker in {u.speaker, names[u.speaker]}], entry)
        if u is None:
            raise InputError(f"{path.name}, code {number}: no utterance of that speaker lies there.")
        given.setdefault(u, []).extend(entry.codes)
    correct(study, session_id, corrections(given, said), by=by)
    return len(given)


def nearest(own: Iterable[Utterance], entry: Coded) -> Utterance | None:
    """The utterance that a stretch overlaps most, None where it overlaps none."""
    span = Span(entry.start, entry.end)
    shares = {u: overlap(Span(u.start, max(u.start, u.end)), span) for u in own}
    best = max(shares, key=lambda u: (shares[u], -u.index), default=None)
    return best if best is not None and shares[best] > 0 else None


def corrections(given: dict[Utterance, list[str]], said: Sequence[Utterance]) -> Iterable[Correction]:
    """One correction an utterance."""
    starts = [milliseconds(u.start) for u in said]
    for u, codes in sorted(given.items(), key=lambda item: item[0].index):
        twin = starts.count(milliseconds(u.start)) > 1
        value = "; ".join(dict.fromkeys(SHORT.get(code, code) for code in codes))
        yield overlay.checked(Correction(What.CODE, overlay.target(u.start, u.speaker if twin else ""), value))
