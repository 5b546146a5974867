"""Where a key is really looked for: a Secret Service, a kernel of a notebook, a Dask worker; and no core file."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from replay import Study, make_study

from toolkit.privacy import identities

WORD = "drinking"  # in what is replayed
UNSET = (identities.KEY, identities.KEY_FILE)


def bare(**more: str) -> dict[str, str]:
    """An environment without a key and without a keyring."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {**kept, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", **more}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """An encrypted session with words; its key is in ``owner.key`` and nowhere else."""
    made = make_study(tmp_path, sessions=("one",))
    monkeypatch.setenv(identities.KEY_FILE, str(tmp_path / "owner.key"))
    for arguments in (
        ["consent", "grant", made.root, "--session", "one", "--purpose", "transcript"],
        ["vault", "init", made.root, "--key-file", tmp_path / "owner.key"],
        ["run", made.root],
    ):
        end = made.toolkit(*arguments)
        assert end.code == 0, end.err
    return made


def secret(study: Study) -> str:
    (key,) = identities.in_file(study.root.parent / "owner.key", home=study.root)
    return key


# a real Secret Service


IN_A_SESSION = """
import subprocess, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
daemon = ["gnome-keyring-daemon", "--unlock", "--components=secrets"]
subprocess.run(daemon, input=b"pw", stdout=subprocess.DEVNULL)
import keyring, secretstorage
from toolkit import vaulting
from toolkit.errors import ConfigError
from toolkit.privacy import identities, vault
from toolkit.vaulting import Keeping
from vaults import all_sealed, contents, make
if type(keyring.get_keyring()).__module__ != "keyring.backends.SecretService":
    sys.exit(77)
study = make(Path(sys.argv[2]))
where, _ = vaulting.init(study, (), Keeping())
assert where == "in the keyring of this account", where
identities._held.clear()
before = contents(study)
first = vault.unlock(study.root)
identities._held.clear()
vaulting.rotate(study, Keeping())
identities._held.clear()
assert vault.unlock(study.root) != first and len(vault.unlock(study.root)) == 1
assert contents(study) == before and all_sealed(study)

def refused(words):
    identities._held.clear()
    try:
        vault.unlock(study.root)
    except ConfigError as error:
        assert words in str(error), error
    else:
        raise AssertionError("opened")
    assert not vault.is_open(study.root)

collection = secretstorage.get_default_collection(secretstorage.dbus_init())
(found,) = collection.search_items({"username": vaulting.of(study).id})
found.delete()
refused("no key is here")
collection.lock()
refused("locked or does not answer")
print("all of it")
"""


def test_a_real_secret_service_keeps_the_key_and_says_when_it_is_locked_or_the_key_is_lost(tmp_path: Path) -> None:
    if not all(map(shutil.which, ("dbus-run-session", "gnome-keyring-daemon"))):
        pytest.skip("there is no Secret Service here: Debian's packages dbus and gnome-keyring")
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    given = {name: value for name, value in bare().items() if name != "PYTHON_KEYRING_BACKEND"}
    given |= {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(runtime)}
    given.pop("DISPLAY", None)  # nobody is asked to unlock anything
    command = [sys.executable, "-c", IN_A_SESSION, str(Path(__file__).parent), str(tmp_path)]
    done = subprocess.run(
        ["dbus-run-session", "--", *command], capture_output=True, text=True, check=False, env=given, timeout=120
    )
    if done.returncode == 77:
        pytest.skip("the Secret Service does not start here")
    assert "all of it" in done.stdout, done.stderr[-3000:]


# a notebook


@pytest.mark.enable_socket  # the kernel is spoken to on this machine
def test_a_notebook_asks_for_the_key_unseen_and_once(study: Study, tmp_path: Path) -> None:
    from jupyter_client.manager import start_new_kernel

    home = tmp_path / "home"
    home.mkdir()
    manager, client = start_new_kernel(env=bare(HOME=str(home), IPYTHONDIR=str(home / "ipython")))
    asked: list[tuple[str, bool]] = []
    read = "len(toolkit.load(study, 'one').words)"

    def say(code: str, answers: list[str]) -> str:
        def answer(message: dict) -> None:
            asked.append((message["content"]["prompt"], message["content"]["password"]))
            client.input(answers.pop(0))

        told: list[str] = []
        end = client.execute_interactive(
            code, allow_stdin=True, stdin_hook=answer, output_hook=lambda m: told.append(str(m["content"])), timeout=120
        )
        return "\n".join([*told, str(end["content"])])

    try:
        begin = f"import toolkit; from pathlib import Path; study = toolkit.Study(Path({str(study.root)!r}))"
        assert "'ok'" in say(begin, [])
        wrong = say(read, [identities.made()])
        assert "what was typed does not open it" in wrong
        first, second = say(read, [secret(study)]), say(read, [])
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert len(asked) == 2
    assert all(unseen and "not shown" in prompt for prompt, unseen in asked)
    for told in (wrong, first, second):
        assert "AGE-SECRET-KEY-1" not in told
    assert "text/plain" in first
    assert "text/plain" in second
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert kept  # the kernel's history among them
    assert not [path.name for path in kept if secret(study).encode() in path.read_bytes()]


@pytest.mark.enable_socket  # the kernel is spoken to on this machine
def test_a_notebook_that_nobody_sits_at_says_that_there_is_no_key(study: Study) -> None:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(env=bare())
    try:
        end = client.execute_interactive(
            f"import toolkit; from pathlib import Path; toolkit.load(toolkit.Study(Path({str(study.root)!r})), 'one')",
            allow_stdin=False,
            output_hook=lambda _: None,
            timeout=120,
        )
    except queue.Empty:  # pragma: no cover
        pytest.fail("it waits for somebody")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert (end["content"]["ename"], "no key is here" in end["content"]["evalue"]) == ("ConfigError", True)


# a worker elsewhere


def test_a_dask_worker_without_the_key_makes_what_is_new_and_says_when_it_has_to_read(
    study: Study, tmp_path: Path
) -> None:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    from clusters import dask_cluster

    study.add_and_consent("new", Path(shutil.copy(study.recording("one.wav"), study.recording("new.wav"))))
    told = study.toolkit("consent", "grant", study.root, "--session", "new", "--purpose", "transcript")
    assert told.code == 0, told.err
    with dask_cluster(tmp_path / "dask", workers=1, environment=bare(TOOLKIT_VAULT_KEY_FILE="")) as dask:
        where = ("--engine", "dask", "--scheduler", dask.address, "--config", dask.config)
        made = study.in_child("run", study.root, "new", *where)
        assert made.code == 0, made.err
        assert WORD.encode() not in b"".join(p.read_bytes() for p in (study.root / "results/new").rglob("*.parquet"))
        refused = study.in_child("run", study.root, "one", "--coder", "none", *where)
        logs = dask.logs()
    assert refused.code == 4, refused.err
    (line,) = [line for line in refused.err.splitlines() if line.startswith("error: ")]
    assert "session one: the study is encrypted and no key is here" in line
    assert identities.KEY_FILE in line
    for text in (logs, made.out, made.err, refused.out, refused.err):
        assert WORD not in text
        assert "AGE-SECRET-KEY-1" not in text
        assert "Traceback" not in text
    again = study.toolkit("run", study.root, "one", "--coder", "none")  # with the key
    assert again.code == 0, again.err


# a crash


CRASH = """
import os, resource
_, highest = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (highest, highest))
import toolkit
print(resource.getrlimit(resource.RLIMIT_CORE)[0], flush=True)
speech = "in confidence" * 1000
os.abort()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_process_that_crashes_leaves_no_picture_of_its_memory(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CRASH], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode < 0
    assert int(done.stdout) in {0, 1}
    assert list(tmp_path.iterdir()) == []
