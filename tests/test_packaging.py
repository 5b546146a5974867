"""The package as users get it: what is in it, its version, its public interface, its extras, completion."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT
from typer.testing import CliRunner

import toolkit
from toolkit import extras, models
from toolkit.cli import app
from toolkit.errors import BackendError

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


# --- what is in it


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from the sdist, as an index would."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    (source,) = folder.glob("*.tar.gz")
    shutil.unpack_archive(source, folder, filter="data")
    inside = folder / source.name.removesuffix(".tar.gz")
    again = folder / "again"
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(again)],
        cwd=inside,
        check=True,
        capture_output=True,
    )
    (built,) = again.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = wheel.namelist()
    assert {n.split("/")[0] for n in names} == {
        "toolkit",
        f"counselling_session_toolkit-{PROJECT['version']}.dist-info",
    }
    assert not [n for n in names if "test" in Path(n).name or n.endswith((".pyc", ".ipynb_checkpoints"))]


def test_the_wheel_holds_every_file_of_the_package(wheel):
    tracked = subprocess.run(["git", "ls-files", "toolkit"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert set(tracked.stdout.split()) <= set(wheel.namelist())
    assert "toolkit/py.typed" in wheel.namelist()
    assert "toolkit/sample_data/recordings/reflective.flac" in wheel.namelist()  # toolkit demo runs without a checkout


def test_the_installed_package_finds_its_sample_and_its_lists(wheel, tmp_path):
    wheel.extractall(tmp_path)
    code = (
        "from toolkit import demo, lexicon; import toolkit; print(toolkit.__file__);"
        "print(demo.sample_folder(), len(lexicon.available())); demo.prepare(__import__('pathlib').Path('d'))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert str(tmp_path / "toolkit" / "sample_data") in run.stdout
    assert (tmp_path / "d" / "recordings" / "hurried.flac").is_file()


# --- version, completion


def test_the_version_names_every_model_with_its_whole_digest():
    shown = CliRunner().invoke(app, ["--version"], env={"COLUMNS": "60"})
    assert shown.exit_code == 0
    assert shown.output.startswith(f"counselling-session-toolkit {PROJECT['version']} (Python 3.")
    for name, model in models.known().models.items():
        assert re.search(rf"^{re.escape(name)} +\w+ +{model.sha256}$", shown.output, flags=re.MULTILINE)
    assert re.search(r"^trained coder +built-in +[0-9a-f]{64}$", shown.output, flags=re.MULTILINE)


def completed(words: str) -> list[str]:
    env = {"_TOOLKIT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    return CliRunner().invoke(app, [], prog_name="toolkit", env=env).output.split()


def test_the_shell_completes_commands_and_options():
    assert completed("toolkit mea") == ["measures"]
    assert completed("toolkit models ver") == ["verify"]
    assert "--json" in completed("toolkit measures --")
    script = CliRunner().invoke(app, [], prog_name="toolkit", env={"_TOOLKIT_COMPLETE": "source_bash"}).output
    assert "_TOOLKIT_COMPLETE" in script


# --- the public interface


def test_the_public_names_are_a_dozen_and_the_page_has_them_all():
    page = (ROOT / "docs" / "api.md").read_text()
    assert len(toolkit.__all__) == 13
    for name in toolkit.__all__:
        assert getattr(toolkit, name) is not None
        assert f"`toolkit.{name}" in page
        assert name in dir(toolkit)
    assert toolkit.__version__ == PROJECT["version"]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = toolkit.nothing


def test_importing_the_package_loads_nothing_of_others():
    code = (
        "import sys; old = set(sys.modules); import toolkit; print(*{m.split('.')[0] for m in set(sys.modules) - old})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert not {m for m in loaded if m not in sys.stdlib_module_names and m != "toolkit"}


@pytest.mark.models
def test_what_consent_does_not_cover_is_not_loaded(demo_study, tmp_path):
    study = shutil.copytree(demo_study, tmp_path / "study")
    assert not isinstance(toolkit.load(study, "reflective").words, toolkit.Missing)
    withdrawn = CliRunner().invoke(app, ["consent", "withdraw", str(study), "--session", "reflective", "--yes"])
    assert withdrawn.exit_code == 0
    with pytest.raises(toolkit.ToolkitError, match="consent does not cover"):
        toolkit.load(study, "reflective")
    assert set(toolkit.scan(study).collect()["session_id"]) == {"hurried"}
    with pytest.raises(toolkit.ToolkitError, match="no format is called 'docx'"):
        toolkit.export_session(study, "hurried", tmp_path / "x.docx", form="docx")


# --- extras


def test_a_missing_part_names_the_extra_that_brings_it(monkeypatch):
    extras.need("jupyterlab", what="toolkit lab")  # it is there in the tests
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(BackendError) as told:
        extras.need("anywidget", what="the session player")
    assert str(told.value) == (
        "the session player needs anywidget, which is not installed. "
        'Install it: pip install "counselling-session-toolkit[lab]"'
    )


def test_every_extra_that_is_named_exists_and_brings_its_module():
    optional = PROJECT["optional-dependencies"]
    core = {re.split(r"[<>=\[]", line)[0] for line in PROJECT["dependencies"]}
    for module, extra in extras.EXTRAS.items():
        brought = {re.split(r"[<>=\[]", line)[0].replace("-", "_") for line in optional[extra]}
        assert module in brought
        assert module not in core
    assert PROJECT["name"] == extras.DISTRIBUTION


def test_the_page_on_installing_has_every_extra():
    page = (ROOT / "docs" / "install.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE) == [
        "lab",
        "cluster",
        "privacy",
        "evaluate",
        "train",
        "docs",
        "dev",
    ]
    assert set(PROJECT["optional-dependencies"]) == {"lab", "cluster", "privacy", "evaluate", "train", "docs", "dev"}


def test_the_documents_name_the_distribution_that_exists():
    for page in (ROOT / "README.md", *ROOT.glob("docs/*.md")):
        for named in re.findall(r"pip(?:x)? install \"?([a-z][\w.-]*)", page.read_text()):
            assert named in {extras.DISTRIBUTION, "wordfreq"} or named.startswith("counselling_session_toolkit-"), (
                page.name
            )


def test_the_container_recipe_copies_what_is_there():
    recipe = (ROOT / "Containerfile").read_text()
    kept = {line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (.+) \S+$", recipe, flags=re.MULTILINE):
        for name in line.split():
            assert (ROOT / name).exists(), name
            assert name in kept
    copied = set(" ".join(re.findall(r"^COPY (.+) \S+$", recipe, flags=re.MULTILINE)).split())
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {name.split("/")[0] for name in (*included["packages"], *included["force-include"])} <= copied
    assert recipe.index("USER listener") < recipe.index("ENTRYPOINT")


def test_the_citation_names_this_version():
    text = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {PROJECT['version']}\n" in text
    assert f"\nlicense: {PROJECT['license']}\n" in text
