"""`toolkit measures` by the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from toolkit.cli import app
from toolkit.errors import InputError
from toolkit.measures import MEASURES
from toolkit.measures.book import markdown, page


def run(*arguments: str):
    return CliRunner().invoke(app, ["measures", *arguments], env={"COLUMNS": "100"})


def test_the_table_has_every_name_in_full():
    result = run()
    assert result.exit_code == 0
    for name in MEASURES:
        assert f"{name} " in result.output


def test_one_measure():
    result = run("talk_share_speech")
    assert result.exit_code == 0
    for word in ("talk_share_speech", "Definition", "Numerator", "Band", "Missing when", "Source"):
        assert word in result.output


def test_json_of_one_and_of_all():
    one = json.loads(run("reflection_to_question_ratio", "--json").output)
    assert one["name"] == "reflection_to_question_ratio"
    assert [(b["low"], b["high"]) for b in one["bands"]] == [(1.0, 2.0), (2.0, None)]
    assert [m["name"] for m in json.loads(run("--json").output)] == list(MEASURES)


def test_markdown_is_the_code_book():
    assert run("--markdown").output == markdown()
    assert run("patience", "--markdown").output == page("patience")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("reflection_cout",), "no measure is called 'reflection_cout'. Did you mean reflection_count?"),
        (("--json", "--markdown"), "--json and --markdown exclude each other"),
    ],
)
def test_what_cannot_be_shown_says_so(arguments, message):
    result = run(*arguments)
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)


def test_help_has_an_example():
    assert "toolkit measures talk_share_speech" in run("--help").output
