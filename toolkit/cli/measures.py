"""`toolkit measures`: what the numbers mean."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import typer
from rich.text import Text

from toolkit.cli.screen import stdout, table
from toolkit.errors import InputError
from toolkit.types import Measure

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("measures", epilog="Example: toolkit measures talk_share_speech")(measures)


def measures(
    name: str = typer.Argument("", help="A measure; without it, the table of all.", show_default=False),
    *,
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    as_markdown: bool = typer.Option(False, "--markdown", help="Print the code book as Markdown."),
) -> None:
    """Say what each measure means: definition, unit, source, bands."""
    from toolkit.measures import MEASURES
    from toolkit.measures.book import entries, markdown, page, taken
    from toolkit.settings import nearest

    if name and name not in MEASURES:
        raise InputError(f"no measure is called {name!r}.", hint=nearest(name, MEASURES))
    if as_json and as_markdown:
        raise InputError("--json and --markdown exclude each other.", hint="Give one of them.")
    if as_json:
        found = plain(MEASURES[name]) if name else [plain(measure) for measure in MEASURES.values()]
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif as_markdown:
        typer.echo(page(name) if name else markdown(), nl=False)
    elif name:
        measure = MEASURES[name]
        stdout.print(Text.assemble((measure.title, "bold"), f"  {measure.name}"))
        stdout.print(table("", ("", ""), entries(measure)))
    else:
        rows = [(m.name, m.title, m.unit, taken(m)) for m in MEASURES.values()]
        overview = table("", ("measure", "title", "unit", "taken for"), rows)
        overview.columns[0].no_wrap = True  # a name is there to be copied
        stdout.print(overview)
        stdout.print(Text("More about one: toolkit measures NAME"))


def plain(measure: Measure) -> dict[str, Any]:
    """A measure as JSON has it; a band without an upper limit has null."""
    fields = dataclasses.asdict(measure)
    fields["bands"] = [{**band, "high": None if math.isinf(band["high"]) else band["high"]} for band in fields["bands"]]
    return fields
