"""Stages keyed by what they read: a change runs what it touches and no more, and nothing is kept without consent."""

from __future__ import annotations

import dataclasses
import json
import zlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from faulty import consent as record
from faulty import replace_in
from replay import SAID, Study, make_study

from toolkit import batch, store
from toolkit.batch import Job, Workplace, standing
from toolkit.settings import Settings
from toolkit.stages import keys
from toolkit.stages.kept import Kept, Talk
from toolkit.stages.keys import Stage
from toolkit.study import Study as Opened

TEXT = ["--purpose", "measure", "--purpose", "transcript"]


class Told:
    """A watcher that keeps the stages it is told of."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def start(self, session_id: str) -> None:
        """Nothing."""

    def stage(self, name: str, done: float, total: float) -> None:  # noqa: ARG002
        """Keep it."""
        if name not in self.stages:
            self.stages.append(name)

    def end(self, outcome: batch.Outcome) -> None:
        assert outcome.exit_code == 0, outcome.message


def run(study: Study, **options: object) -> list[str]:
    """Process the study; the stages that were run."""
    told = Told()
    batch.run(Opened.open(study.root), [], told, **options)  # type: ignore[arg-type]
    return [s for s in told.stages if s not in {"consent", "results"}]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """One session, whose text may be kept."""
    made = make_study(tmp_path, sessions=("s01",))
    assert made.toolkit("consent", "grant", made.root, "--session", "s01", *TEXT).code == 0
    return made


WHOLE = ["audio", "words", "speakers", "dialogue", "codes", "measures"]


def rows(study: Study, old: str, new: str) -> None:
    """Change ``sessions.csv``."""
    path = study.root / "sessions.csv"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_change_runs_what_it_touches_and_no_more(study: Study) -> None:
    assert run(study) == WHOLE
    assert run(study) == []
    replace_in(study, "silence_min = 3.0", "silence_min = 4.0")
    assert run(study) == ["measures"]
    replace_in(study, 'coder = "files"', 'coder = "none"')
    assert run(study) == ["codes", "measures"]
    replace_in(study, 'coder = "none"', 'coder = "files"')
    assert run(study) == ["measures"]  # the codes of before are still kept
    rows(study, "C-s01,,en,", "C-s01,,en,3")
    assert run(study) == ["audio", "speakers", "dialogue", "codes", "measures"]
    replace_in(study, "lapse_min = 3.0", "lapse_min = 4.0")
    assert run(study) == ["audio", "dialogue", "measures"]
    rows(study, "C-s01,,en,", "C-s01,,de,")
    assert run(study) == ["audio", "words", "dialogue", "codes", "measures"]
    replace_in(study, "min_seconds = 1.0", "min_seconds = 2.0")
    assert run(study) == WHOLE
    replace_in(study, "deadline_base = 600.0", "deadline_base = 700.0")
    replace_in(study, "threads = 0", "threads = 1")
    assert run(study) == []
    assert run(study, force=True) == WHOLE


def test_replayed_words_that_changed_are_heard_again(study: Study, tmp_path: Path) -> None:
    run(study)
    path = tmp_path / "replayed" / "x.words.json"
    path.write_text(path.read_text().replace("tired", "weary"))
    assert run(study) == ["audio", "words", "dialogue", "codes", "measures"]
    assert "weary" in str(store.load(Opened.open(study.root), "s01").words)


def test_what_goes_on_from_kept_stages_is_what_was_never_stopped(study: Study) -> None:
    run(study)
    whole = study.snapshot()
    for kind in ("decode", "words", "speakers", "dialogue", "said", "codes"):
        for path in (study.root / "stages" / "s01").rglob(f"{kind}-*"):
            path.unlink()
        (study.root / "results" / "s01" / "manifest.json").unlink()
        run(study)
        assert {n: d for n, d in study.snapshot().items() if n.startswith("results")} == {
            n: d for n, d in whole.items() if n.startswith("results")
        }, f"without what was kept of {kind}"


def test_a_damaged_kept_result_is_as_good_as_none(study: Study) -> None:
    run(study)
    replace_in(study, "silence_min = 3.0", "silence_min = 4.0")
    for path in (study.root / "stages" / "s01").rglob("dialogue-*"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 4
        path.write_bytes(data)
    assert run(study) == ["audio", "dialogue", "measures"]


def text_on_disk(study: Study) -> bool:
    """Whether any word of the replayed dialogue lies under the stages."""
    said = [w for _, _, text in SAID for w in text.split() if len(w) > 4]
    found = list((study.root / "stages").rglob("*.json.z"))
    assert found
    contents = [zlib.decompress(p.read_bytes().partition(b"\n")[2]).decode() for p in found]
    return any(w in content for w in said for content in contents)


def test_without_the_transcript_purpose_no_text_is_kept_and_words_are_heard_again(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("s01",))
    assert run(study) == WHOLE
    assert not text_on_disk(study)
    assert not list((study.root / "stages").rglob("restricted"))
    replace_in(study, "silence_min = 3.0", "silence_min = 4.0")
    assert run(study) == ["measures"]
    replace_in(study, 'coder = "files"', 'coder = "none"')
    assert run(study) == ["audio", "words", "dialogue", "codes", "measures"]  # who spoke when holds no text
    assert not text_on_disk(study)


def test_text_goes_when_its_purpose_goes_and_all_when_consent_is_withdrawn(study: Study) -> None:
    run(study)
    assert text_on_disk(study)
    ledger = study.root / "consent.toml"
    grant = ["consent", "grant", study.root, "--session", "s01", "--purpose", "measure"]
    assert study.toolkit("consent", "withdraw", study.root, "--session", "s01", "--yes").code == 0
    assert not (study.root / "stages" / "s01").exists()
    assert study.toolkit(*grant, "--purpose", "transcript").code == 0
    run(study)
    assert text_on_disk(study)
    digest = json.loads((study.root / "results" / "s01" / "manifest.json").read_text())["provenance"]
    head = ledger.read_text().partition("[sessions.")[0]
    ledger.write_text(head + record("s01", digest["recording_sha256"]))
    assert run(study) == ["measures"]
    assert not text_on_disk(study)
    assert not list((study.root / "stages").rglob("restricted/*"))


def test_words_of_an_excluded_portion_are_never_kept(study: Study) -> None:
    exclude = ["consent", "grant", study.root, "--session", "s01", *TEXT, "--exclude", "6-13.2"]
    assert study.toolkit(*exclude).code == 0
    run(study)
    kept = [zlib.decompress(p.read_bytes().partition(b"\n")[2]) for p in (study.root / "stages").rglob("*.json.z")]
    assert any(b"Thanks" in data for data in kept)
    assert not any(b"drinking" in data for data in kept)


def test_status_says_what_is_stale_and_why(study: Study) -> None:
    opened = Opened.open(study.root)
    (state,) = standing.status(opened)
    assert (state.results, state.consent) == ("none", "measure, transcript")
    run(study)
    (state,) = standing.status(opened)
    assert (state.results, state.why, state.stages) == ("current", "", {})
    replace_in(study, "silence_min = 3.0", "silence_min = 4.0")
    rows(study, "C-s01,,en,", "C-s01,,en,3")
    (state,) = standing.status(opened)
    assert state.results == "stale"
    assert state.stages == {"speakers": ("number of speakers",), "measures": ("measures.silence_min",)}
    assert state.why == "speakers: number of speakers; measures: measures.silence_min"
    json.dumps(state.as_dict())


def test_the_version_of_a_stages_code_is_a_reason(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    run(study)
    monkeypatch.setattr(keys, "VERSIONS", {**keys.VERSIONS, Stage.SPEAKERS: "99"})
    (state,) = standing.status(Opened.open(study.root))
    assert state.stages == {"speakers": ("code",)}
    assert run(study) == ["audio", "speakers", "dialogue", "codes", "measures"]


def test_clean_drops_what_no_session_refers_to_and_nothing_else(study: Study) -> None:
    run(study)
    used = study.snapshot()
    replace_in(study, "lapse_min = 3.0", "lapse_min = 4.0")
    run(study)
    replace_in(study, "lapse_min = 4.0", "lapse_min = 3.0")
    assert run(study) == ["measures"]
    found = standing.leftovers(Opened.open(study.root))
    assert {e.stage for e in found} == {"dialogue", "said"}
    dry = study.toolkit("clean", study.root, "--dry-run")
    assert "2 kept results of stages would be deleted" in dry.out
    assert all(e.path.exists() for e in found)
    end = study.toolkit("clean", study.root)
    assert "2 kept results of stages deleted" in end.out
    assert study.snapshot() == used
    assert run(study) == []
    path = study.root / "sessions.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert len(standing.clean(Opened.open(study.root))) == 6
    assert not (study.root / "stages" / "s01").exists()
    assert store.sessions(Opened.open(study.root)) == ("s01",)  # results go by withdrawal only


class Watched:
    """A section of the settings that remembers what is read of it, and during which stage."""

    def __init__(self, name: str, section: object, seen: set[tuple[str, str]], at: list[str]) -> None:
        self._all = name, section, seen, at

    def __getattr__(self, name: str) -> object:
        own, section, seen, at = self._all
        seen.add((at[0], f"{own}.{name}"))
        return getattr(section, name)


def test_a_stage_reads_no_setting_that_its_key_does_not_name(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    from toolkit import overlay, session
    from toolkit.consent.admit import admit
    from toolkit.types import Purpose

    place = Workplace(Job(str(study.root)))
    monkeypatch.setattr(session, "digest", lambda _: "of all settings, for the provenance")
    seen: set[tuple[str, str]] = set()
    at = ["audio"]
    names = [f.name for f in dataclasses.fields(Settings)]
    watched = SimpleNamespace(**{n: Watched(n, getattr(place.settings, n), seen, at) for n in names})
    from datetime import date

    today = date.today()  # noqa: DTZ011
    consented = admit(place.recording("s01"), place.ledger(), purposes=[Purpose.MEASURE], today=today)
    own = keys.keys_of(consented, place.machinery)

    def report(name: str, done: float, total: float) -> None:
        at[0] = name

    session.process(
        consented,
        watched,  # type: ignore[arg-type]
        place.backends,
        corrections=overlay.read(place.study.overlay("s01")),
        report=report,
        kept=Kept(place.study, "s01", own, text=True),
    )
    stage_of = {"audio": Stage.DECODE, "codes": Stage.CODES, "dialogue": Stage.DIALOGUE, "measures": Stage.MEASURES}
    assert {s for _, s in seen if s.startswith("measures.")} >= {"measures.silence_min", "measures.window"}
    assert {s for _, s in seen if s.startswith("dialogue.")} >= {"dialogue.lapse_min", "dialogue.word_reach"}
    turns = {("audio", "words.device"), ("audio", "speakers.device")}  # whether to wait for a GPU
    for name, setting in seen - turns:
        if setting.count(".") == 1 and not setting.endswith(("__slots__", "__dataclass_fields__")):
            assert setting in own.parts[stage_of[name]], f"{name} reads {setting}, which is not in its key"


def test_kept_numbers_are_read_back_to_the_last_bit(study: Study) -> None:
    run(study)
    opened = Opened.open(study.root)
    place = Workplace(Job(str(study.root)))
    kept = Kept(opened, "s01", place.keys("s01"), text=True)
    talk = kept.get(Talk)
    assert talk is not None
    changed = dataclasses.replace(talk, facts=dataclasses.replace(talk.facts, peak_db=-0.1 - 2**-50, duration=1 / 3))
    assert kept.put(changed) == changed == kept.get(Talk)


def test_corrections_come_to_the_same_whether_the_text_was_at_hand_or_not(tmp_path: Path) -> None:
    study = make_study(tmp_path, sessions=("s01",))
    run(study)
    end = study.toolkit("correct", "turn", study.root, "s01", "0:14", "SPEAKER_01")
    assert end.code == 0, end.err
    corrected = study.snapshot()
    assert run(study, force=True) == WHOLE  # the words are in memory now
    assert study.snapshot() == corrected
    (study.root / "results" / "s01" / "manifest.json").unlink()
    assert run(study) == ["measures"]  # and now they are not
    assert study.snapshot() == corrected
