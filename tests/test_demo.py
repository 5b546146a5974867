"""The demonstration study is made as any study is: private, whole, and never over something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from toolkit import demo
from toolkit.errors import InputError


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")
def test_nobody_else_may_look_into_the_demonstration_study(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        made = demo.prepare(tmp_path / "below" / "demo-study")
    finally:
        os.umask(before)
    modes = {p.relative_to(made.root).as_posix(): p.stat().st_mode & 0o777 for p in (made.root, *made.root.rglob("*"))}
    assert {modes[name] for name in (".", "recordings")} == {0o700}
    assert len(modes) > 5
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}


def test_the_demonstration_study_is_made_once_and_over_nothing_else(tmp_path: Path) -> None:
    made = demo.prepare(tmp_path / "demo-study")
    (made.root / "toolkit.toml").write_text("# mine\n")
    assert demo.prepare(made.root).root == made.root
    assert (made.root / "toolkit.toml").read_text() == "# mine\n"
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "letter.txt").write_text("x")
    with pytest.raises(InputError, match="holds something else"):
        demo.prepare(tmp_path / "else")
