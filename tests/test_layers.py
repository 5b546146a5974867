"""Imports go down only, heavy libraries stay inside loaders, and only the command line prints."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "toolkit"
MODULES = sorted(p for p in PACKAGE.rglob("*.py"))
LAYERS = {
    **dict.fromkeys(("types", "intervals", "errors", "extras", "memory", "threads"), 0),
    **dict.fromkeys(("consent", "privacy", "settings", "formats", "study", "atomic", "opener", "offline"), 1),
    **dict.fromkeys(
        (
            "audio",
            "backends",
            "models",
            "align",
            "certainty",
            "utterances",
            "turns",
            "silences",
            "roles",
            "role_cues",
            "voices",
            "coding",
            "overlay",
            "lexicon",
            "transcripts",
            "syllables",
            "wording",
        ),
        2,
    ),
    "measures": 3,
    **dict.fromkeys(("result", "tables", "store", "manifest"), 4),
    **dict.fromkeys(
        (
            *("session", "listening", "stages", "batch", "engines"),
            *("corrections", "caseload", "demo", "evaluate", "export", "collect", "lab", "telling"),
            *("withdrawal", "redaction", "retention", "doctor", "vaulting"),
        ),
        5,
    ),
    **dict.fromkeys(("cli", "display", "report", "__main__"), 6),
    "__init__": 6,
    "api": 6,
}
HEAVY = {
    "torch",
    "torchaudio",
    "pyannote",
    "faster_whisper",
    "ctranslate2",
    "spacy",
    "altair",
    "anywidget",
    "ipywidgets",
    "polars",
    "av",
    "meeteval",
    "jiwer",
    "scipy",
    "sklearn",
    "typst",
    "vl_convert",
    "dask",
    "distributed",
    "dask_jobqueue",
    "defusedxml",
    "presidio_analyzer",
    "pyrage",
    "keyring",
}

OWNERS = {
    "av": {"audio"},
    "torch": {"backends", "models"},
    "torchaudio": {"backends"},
    "pyannote": {"backends", "evaluate"},  # its metrics are a package of their own
    "faster_whisper": {"backends"},
    "ctranslate2": {"backends"},
    "spacy": {"coding"},
    "polars": {"api", "tables", "store", "caseload", "display", "evaluate"},  # api: for its annotations only
    "altair": {"display"},
    "anywidget": {"display"},
    "ipywidgets": {"display"},
    "presidio_analyzer": {"privacy"},
    "pyrage": {"privacy"},
    "keyring": {"privacy"},
    "meeteval": {"evaluate"},
    "jiwer": {"evaluate"},
    "scipy": {"backends", "evaluate", "measures"},
    "sklearn": {"evaluate"},
    "typst": {"report"},
    "vl_convert": {"display"},
    "dask": {"engines"},
    "distributed": {"engines"},
    "dask_jobqueue": {"engines"},
    "defusedxml": {"formats"},
}


def room(path: Path) -> str:
    """The first part of a module's name below the package."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imports(tree: ast.AST, *, top_only: bool) -> Iterator[str]:
    """Every module name that is imported; with `top_only` those at the top of the file, type checking excepted."""
    nodes = tree.body if top_only and isinstance(tree, ast.Module) else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_only(path: Path) -> None:
    own = LAYERS[room(path)]
    for name in imports(ast.parse(path.read_text()), top_only=False):
        parts = name.split(".")
        if parts[0] == "toolkit" and len(parts) > 1 and parts[1] in LAYERS:
            assert LAYERS[parts[1]] <= own, f"{path.name} (layer {own}) imports {name} (layer {LAYERS[parts[1]]})"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_heavy_library_belongs_to_one_room(path: Path) -> None:
    used = {name.split(".")[0] for name in imports(ast.parse(path.read_text()), top_only=False)} & HEAVY
    for library in used:
        assert room(path) in OWNERS[library], f"{path.name} imports {library}"


@pytest.mark.parametrize("path", [p for p in MODULES if room(p) != "cli"], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_command_line_prints_or_exits(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"print", "sys.exit", "exit", "os._exit"}, f"{path.name}:{node.lineno}"


def test_one_broad_except_in_the_package() -> None:
    found = [
        path.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)  # cleaning up is not swallowing
    ]
    assert found == ["attempt.py"]


def test_importing_the_command_line_and_the_spine_loads_nothing_heavy() -> None:
    modules = "toolkit.cli, toolkit.session, toolkit.measures, toolkit.display"
    code = f"import sys, {modules}; print(' '.join(sorted({{m.split('.')[0] for m in sys.modules}})))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not set(loaded) & HEAVY
