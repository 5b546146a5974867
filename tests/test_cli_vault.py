"""`toolkit vault` and an encrypted study through the command line, in processes that are watched, asked and killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from replay import End, Study, make_study
from vaults import leaks

from toolkit import store, vaulting
from toolkit.privacy import identities, vault
from toolkit.store import sealing
from toolkit.study import Study as Opened

KILLS = int(os.environ.get("TOOLKIT_KILLS", "3"))
WORDS = ("drinking", "xylophone")
OPEN = {".lock", ".stage.tmp", "failure.json"}
"""Files among what is encrypted that hold nothing of what was said."""


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has given a key yet; there is no keyring."""
    for name in (identities.KEY, identities.KEY_FILE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr(identities, "_held", {})
    monkeypatch.setattr(identities, "ring", lambda: None)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Two sessions whose words may be kept, not run yet, in an encrypted study."""
    made = make_study(tmp_path, sessions=("one", "two"))
    for session in ("one", "two"):
        ended(made.toolkit("consent", "grant", made.root, "--session", session, "--purpose", "transcript"))
    told = ended(made.toolkit("vault", "init", made.root, "--key-file", tmp_path / "owner.key"))
    assert "in owner.key" in told.out
    assert "When every key is lost" in told.out
    return made


def ended(end: End) -> End:
    """A command that ended well."""
    assert end.code == 0, end.err
    return end


def open_files(root: Path) -> set[str]:
    """What lies in the clear now where it should not, half-written files included."""
    found = set()
    for folder in ("results", "stages", "overlay", "voices"):
        for path in (Path(at) / name for at, _, names in os.walk(root / folder) for name in names):
            inside = path.relative_to(root).parts
            if (folder == "results" and "restricted" not in inside) or path.name in OPEN:
                continue
            try:
                data = path.read_bytes()
            except OSError:  # gone meanwhile
                continue
            if not vault.HEADER.startswith(data[: len(vault.HEADER)]):
                found.add(path.name)
    return found


@contextmanager
def watched(root: Path) -> Iterator[set[str]]:
    """Look at every byte again and again while something runs."""
    found: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            found.update(open_files(root))
            time.sleep(0.01)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()
    found.update(open_files(root))


def test_every_command_works_as_before_and_nothing_is_written_in_the_clear(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv(identities.KEY_FILE, str(tmp_path / "owner.key"))
    copy = tmp_path / "copy.html"
    with watched(study.root) as found:
        ended(study.in_child("run", study.root, "--workers", "2"))
        ended(study.toolkit("correct", "note", study.root, "one", "0:02", "xylophone"))
        for arguments in (
            ["status", study.root],
            ["show", study.root, "one"],
            ["roles", "set", study.root, "one", "SPEAKER_00=therapist", "SPEAKER_01=client"],
            ["report", study.root, "one", "--html", study.root / "one.html", "--pdf", tmp_path / "one.pdf"],
            ["code", "export", study.root, "one", "--output", tmp_path / "codes.csv"],
            ["run", study.root],
            ["clean", study.root],
            ["collect", study.root, "--output", tmp_path / "m.csv", "--purpose", "measure"],
            ["doctor", study.root],
            ["vault", "open", study.root, study.root / "one.html.age", "--output", copy],
        ):
            ended(study.toolkit(*arguments))
    assert found == set()
    assert "xylophone" in copy.read_text()
    assert not (study.root / "one.html").exists()
    opened = Opened.open(study.root)
    assert sealing.plain(opened) == 0
    for word in WORDS:
        assert leaks(study.root, word) == []
        assert leaks(temporary, word) == []
    end = study.toolkit("export", study.root, "one", "--format", "vtt", "--output", study.root / "one.vtt")
    assert (end.code, "encrypted study" in end.err) == (2, True)
    states = json.loads(ended(study.toolkit("status", study.root, "--json")).out)
    assert "current" in json.dumps(states)


def test_killed_at_random_moments_nothing_is_in_the_clear_and_it_comes_to_the_same_end(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = tmp_path / "owner.key"
    monkeypatch.setenv(identities.KEY_FILE, str(key_file))
    opened, chance = Opened.open(study.root), random.Random(7)
    began = time.monotonic()
    ended(study.in_child("run", study.root))
    usual = time.monotonic() - began
    manifests = {s: (opened.results / s / "manifest.json").read_bytes() for s in ("one", "two")}
    for number in range(KILLS):
        command = ["vault", "rotate", str(study.root)] if number % 2 else ["run", str(study.root), "--force"]
        child = subprocess.Popen(
            [sys.executable, "-m", "toolkit", *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(chance.uniform(0.4, 0.9) * usual)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        time.sleep(0.6)  # until its workers, in a session of their own or not, have ended
        assert open_files(study.root) == set()
        assert store.load(opened, "one").words
    ended(study.in_child("run", study.root))
    assert vaulting.of(opened).state is vault.State.SEALED
    assert sealing.plain(opened) == 0
    assert {s: (opened.results / s / "manifest.json").read_bytes() for s in ("one", "two")} == manifests
    assert [p.name for p in (study.root / "results").rglob(".*.tmp*")] == []


def typed(arguments: list[str], key: str) -> tuple[int, str]:
    """Run a command at a terminal where a person types a key when asked: exit code, and all that was to be seen."""
    import pty  # not on Windows

    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "toolkit", *arguments])
    seen, told = b"", False
    while True:
        try:
            seen += os.read(terminal, 4096)
        except OSError:
            break
        if not told and b"Key of the encrypted study" in seen:
            os.write(terminal, key.encode() + b"\n")
            told = True
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminals")
def test_a_person_is_asked_once_and_the_workers_have_the_key(study: Study, tmp_path: Path) -> None:
    key = (tmp_path / "owner.key").read_text().splitlines()[-1]
    with pytest.MonkeyPatch.context() as given:
        given.setenv(identities.KEY, key)
        ended(study.toolkit("run", study.root))
        ended(study.toolkit("correct", "note", study.root, "one", "0:02", "xylophone"))
    code, seen = typed(["run", str(study.root), "--workers", "2"], key)  # workers read corrections and tables
    assert code == 0, seen
    assert "2 current" in seen
    assert seen.count("Key of the encrypted study") == 1
    assert key not in seen
    code, seen = typed(["show", str(study.root), "one"], identities.made())
    assert (code, "does not open it" in seen) == (4, True), seen


def test_without_a_key_the_message_is_one_line_and_says_what_to_do(study: Study, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as given:
        given.setenv(identities.KEY_FILE, str(tmp_path / "owner.key"))
        ended(study.toolkit("run", study.root))
    for arguments in (["show", study.root, "one"], ["run", study.root], ["status", study.root]):
        end = study.toolkit(*arguments)
        assert end.code == 4, arguments
        study.assert_one_line(end, "TOOLKIT_VAULT_KEY_FILE", "no key is here")
    ended(study.toolkit("consent", "list", study.root))
    ended(study.toolkit("audit", "verify", study.root))
    ended(study.toolkit("collect", study.root, "--output", tmp_path / "m.csv", "--purpose", "measure"))
    assert "No key that opens it is here" in ended(study.toolkit("vault", "status", study.root)).out


def test_a_worker_of_a_cluster_without_a_key_says_so(study: Study, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as given:
        given.setenv(identities.KEY_FILE, str(tmp_path / "owner.key"))
        ended(study.toolkit("run", study.root))
    code = (
        "import sys; from toolkit.batch import worker; from toolkit.batch.outcomes import Job\n"
        "worker.prepare(Job(sys.argv[1])); end = worker.process('one'); print(end.exit_code, end.message)"
    )
    done = subprocess.run([sys.executable, "-c", code, study.root], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("4 session one: the study is encrypted and no key is here.")


def test_recipients_are_added_and_removed_and_the_encryption_taken_off(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(identities.KEY_FILE, str(tmp_path / "owner.key"))
    ended(study.toolkit("run", study.root))
    made = ended(study.toolkit("vault", "key", tmp_path / "clinic.key"))
    public = made.out.rsplit("=", 1)[1].strip()
    ended(study.toolkit("vault", "add", study.root, f"clinic={public}"))
    monkeypatch.setenv(identities.KEY_FILE, str(tmp_path / "clinic.key"))
    ended(study.toolkit("show", study.root, "one"))
    monkeypatch.setenv(identities.KEY_FILE, str(tmp_path / "owner.key"))
    assert "clinic" in ended(study.toolkit("vault", "status", study.root)).out
    ended(study.toolkit("vault", "remove", study.root, "clinic"))
    monkeypatch.setenv(identities.KEY_FILE, str(tmp_path / "clinic.key"))
    end = study.toolkit("show", study.root, "one")
    assert (end.code, "does not open it" in end.err) == (4, True)
    monkeypatch.setenv(identities.KEY_FILE, str(tmp_path / "owner.key"))
    assert study.toolkit("vault", "init", study.root).code == 2
    ended(study.toolkit("vault", "decrypt", study.root, "--yes"))
    monkeypatch.delenv(identities.KEY_FILE)
    ended(study.toolkit("show", study.root, "one"))
    assert "not encrypted" in ended(study.toolkit("vault", "status", study.root)).out


def test_a_new_study_says_once_that_it_is_not_encrypted(tmp_path: Path) -> None:
    made = Study(tmp_path / "study")
    assert "The study is not encrypted" in ended(made.toolkit("init", made.root)).out
    end = made.toolkit("vault", "init", made.root)
    assert (end.code, "no keyring" in end.err) == (4, True)


def test_a_report_from_before_is_encrypted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_study(tmp_path, sessions=("one",))
    ended(made.toolkit("consent", "grant", made.root, "--session", "one", "--purpose", "transcript"))
    ended(made.toolkit("run", made.root))
    (made.root / "reports").mkdir()
    ended(made.toolkit("report", made.root, "one", "--html", made.root / "reports" / "one.html"))
    (made.root / "mine.html").write_text("somebody's own page")
    before = (made.root / "reports" / "one.html").read_bytes()
    ended(made.toolkit("vault", "init", made.root, "--key-file", tmp_path / "k"))
    assert [p.name for p in (made.root / "reports").iterdir()] == ["one.html.age"]
    assert (made.root / "mine.html").exists()
    monkeypatch.setenv(identities.KEY_FILE, str(tmp_path / "k"))
    ended(made.toolkit("vault", "decrypt", made.root, "--yes"))
    assert (made.root / "reports" / "one.html").read_bytes() == before
