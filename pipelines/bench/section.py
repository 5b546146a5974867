"""The page of benchmarks has a section for each program that measures; each writes its own and leaves the others."""

from __future__ import annotations

import re
from pathlib import Path

from toolkit.atomic import write_text

__all__ = ["put", "replaced"]


def put(file: Path, own: str) -> None:
    """Write a section into the page, which is made when it is not there."""
    page = file.read_text(encoding="utf-8") if file.exists() else ""
    write_text(file, replaced(page, own))


def replaced(page: str, own: str) -> str:
    """The page with this section in place of the one of the same heading, at the end when there was none."""
    pattern = re.compile(rf"^{re.escape(own.splitlines()[0])}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    if pattern.search(page):
        return pattern.sub(lambda _: own.rstrip() + "\n\n", page).rstrip() + "\n"
    return (page.rstrip() + "\n\n" if page.strip() else "# Benchmark\n\n") + own
