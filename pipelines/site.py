"""Hook of mkdocs: the pages of the repository's root are pages of the site, and links lead to where they are there.

A link to something that is no page of the site (a program, a folder) becomes its text: the repository may be anywhere.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import relpath
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md", "SECURITY.md", "CHANGELOG.md")
SHIM = "https://unpkg.com/iframe-worker/shim"
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages of the root."""
    from mkdocs.structure.files import File

    for name in PAGES:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_post_page(output: str, *, page: Any, **_: Any) -> str:
    """Take the one script that the theme would fetch from elsewhere out of the site's own folder."""
    return output.replace(SHIM, relpath("assets/iframe-worker.js", PurePosixPath(page.file.dest_uri).parent.as_posix()))


def on_post_template(output_content: str, **_: Any) -> str:
    """The same for the page of a place that is not there."""
    return output_content.replace(SHIM, "assets/iframe-worker.js")


def on_page_markdown(markdown: str, *, page: Any, files: Any, **_: Any) -> str:
    """Turn links of the repository into links of the site."""
    source = PurePosixPath(page.file.src_uri)
    folder = ROOT if str(source) in PAGES else ROOT / "docs" / source.parent
    known = {file.src_uri for file in files}
    return LINK.sub(lambda found: linked(found, folder, source, known), markdown)


def linked(found: re.Match[str], folder: Path, source: PurePosixPath, known: set[str]) -> str:
    """One link as the site has it."""
    image, text, target, anchor = found.groups()
    if "://" in target or target.startswith("mailto:"):
        return found[0]
    path = (folder / target).resolve().relative_to(ROOT).as_posix()
    place = path if path in PAGES else path.removeprefix("docs/")
    if place not in known:
        return text
    return f"{image}[{text}]({relpath(place, source.parent.as_posix())}{anchor or ''})"
