"""`toolkit languages`: what works in which language, and whether one's own lists can be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from toolkit.cli.screen import say, stdout, table

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("languages", epilog="Example: toolkit languages my-study")(languages)


def languages(
    study: Path | None = typer.Argument(None, help="A study: its own word lists are read, too.", show_default=False),
    *,
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Say which languages have word lists, what is in them, and who reviewed them; a list that is wrong is named."""
    from toolkit.study import Study

    rows = described(Study.open(study).settings().dialogue.lexicons if study else "")
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    columns = (
        "code",
        "language",
        "backchannels",
        "questions",
        "syllables",
        "roles",
        "function words",
        "codes",
        "reviewed by",
    )
    numbers = ("backchannels", "questions")
    stdout.print(table("", columns, ([str(v) for v in row.values()] for row in rows), right=numbers))
    say("Any other language that the recogniser knows: words, talk, turns and silences; see docs/languages.md.")


def described(own: str) -> list[dict[str, Any]]:
    """What there is in each language that has lists."""
    from toolkit import lexicon, wording
    from toolkit.role_cues import ENGLISH, cues_of

    rows: list[dict[str, Any]] = []
    for code in lexicon.available(own):
        lists, cues = lexicon.load(code, own), cues_of(code, own)
        roles = "no" if cues is None else "fitted" if cues.trust >= 1 else f"of English, times {cues.trust:g}"
        rows.append(
            {
                "code": code,
                "language": lists.name,
                "backchannels": len(lists.backchannels),
                "questions": len(lists.questions),
                "syllables": "by rules" if lists.rules else "no",
                "roles": roles,
                "function_words": "yes" if wording.load(code, own) else "no",
                "codes": "yes" if code == ENGLISH else "no",
                "reviewed": lists.reviewed or "nobody yet",
            }
        )
    return rows
