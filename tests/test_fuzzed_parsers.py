"""Every file of a study that is read, broken in any place: it is read, or refused in one line, and never a traceback.

Transcripts are broken in `test_round_trips`, ``sessions.csv`` in `test_sessions_csv`, recordings in `test_bad_audio`
and, ten thousand times, by ``pipelines/fuzz_audio.py``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import session_result, study_with

from toolkit import corrections, manifest, overlay, store
from toolkit import settings as toolkit_settings
from toolkit.consent import audit, ledger
from toolkit.errors import ToolkitError
from toolkit.formats import coded_csv, truth
from toolkit.overlay import Correction, What

CODED = """dialogue_id,utterance_id,role,text,main,reflection,question,client_talk
a,1,therapist,"How, then?",question,none,open,
a,2,client,Tired.,,,,neutral
"""
TRUTH = {
    "session": "p",
    "duration": 6.5,
    "turns": [{"speaker": "A", "role": "therapist", "start": 0.0, "end": 2.0, "text": "How are you?"}],
}
ODD = ["-1", "1e999", "nan", '"', "'", "[", "]", "{", "=", "\n", ",", ";", "\0", "\ufeff", "1" * 5000, "[" * 3000]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One whole file of each kind."""
    folder = tmp_path_factory.mktemp("parsers")
    study = study_with(folder / "study", session_result())
    store.publish(study, session_result())
    said = [Correction(What.NOTE, "3.2", "Look."), Correction(What.ROLE, "SPEAKER_00", "client")]
    corrections.correct(study, "s01", said, by="T2")
    (folder / "coded.csv").write_text(CODED)
    (folder / "truth.json").write_text(json.dumps(TRUTH))
    return {
        "ledger": study.consent_file,
        "settings": study.settings_file,
        "overlay": study.overlay("s01"),
        "audit": study.audit_file,
        "manifest": study.results / "s01" / "manifest.json",
        "coded": folder / "coded.csv",
        "truth": folder / "truth.json",
    }


PARSERS: dict[str, Callable[[Path], object]] = {
    "ledger": ledger.load,
    "settings": toolkit_settings.load,
    "overlay": overlay.lines,
    "audit": audit.verify,
    "manifest": lambda path: manifest.parse(path.read_text(encoding="utf-8", errors="replace"), "s01"),
    "coded": coded_csv.read,
    "truth": truth.read,
}


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_broken_file_is_read_or_refused_in_one_line(
    files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    whole = files[name].read_bytes()
    first = data.draw(st.integers(0, len(whole)))
    last = data.draw(st.integers(first, min(len(whole), first + 40)))
    put_in = data.draw(st.binary(max_size=8) | st.sampled_from([odd.encode() for odd in ODD]))
    folder = tmp_path_factory.getbasetemp() / f"broken-{name}"
    folder.mkdir(exist_ok=True)
    path = folder / files[name].name
    path.write_bytes(whole[:first] + put_in + whole[last:])
    try:
        PARSERS[name](path)
    except ToolkitError as error:
        assert str(error).isprintable()  # noqa: PT017 - a file that still makes sense is read


@pytest.mark.parametrize("name", PARSERS)
def test_a_file_that_is_nested_too_deeply_is_refused(files: dict[str, Path], tmp_path: Path, name: str) -> None:
    for deep in ("[" * 100_000, "a = " + "[" * 100_000, '{"a":' * 100_000, "a." * 2_000 + "b = 1"):
        path = Path(shutil.copy(files[name], tmp_path / files[name].name))
        path.write_text(f"{deep}\n")
        if name == "audit":
            assert not audit.verify(path).ok
            continue
        with pytest.raises(ToolkitError) as refused:
            PARSERS[name](path)
        assert str(refused.value).isprintable()
