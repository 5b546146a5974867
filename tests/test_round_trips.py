"""What a format can carry comes back equal, and programs that are not ours read every export."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from made import session_result, study_with

from toolkit import corrections, overlay, store, tables, telling
from toolkit import export as exports
from toolkit.errors import InputError
from toolkit.formats import chat, registry
from toolkit.formats.conversation import Coded, Conversation
from toolkit.formats.registry import FORMS, Part
from toolkit.formats.segment import Segment
from toolkit.intervals import Span
from toolkit.study import Study
from toolkit.types import HUMAN, AttributedWord, Code, Missing, SpeakerInterval

BOTH = [name for name, form in FORMS.items() if form.reads and form.writes]
TOKEN = st.text(st.characters(categories=["Ll"], max_codepoint=0x17F), min_size=1, max_size=6)
MARKED = st.sampled_from(["=1", "&amp;", '"yes"', "<v", "no.", "it's"])


@st.composite
def conversations(draw: st.DrawFn, *, words: st.SearchStrategy[str] = TOKEN) -> Conversation:
    """Two speakers in turn, each utterance of one to four words with times of their own, codes on some."""
    segments, timed, codes, silences = [], [], [], []
    now = draw(st.integers(0, 500))
    for place in range(draw(st.integers(1, 5))):
        who = ("therapist", "client")[place % 2]
        said = [draw(words) for _ in range(draw(st.integers(1, 4)))]
        start = now
        for text in said:
            length = draw(st.integers(10, 400))
            timed.append(AttributedWord(now / 1000, (now + length) / 1000, text, 1.0, who))
            now += length
        segments.append(Segment(start / 1000, now / 1000, who, " ".join(said)))
        chosen = draw(st.lists(st.sampled_from(sorted(Code)), max_size=2, unique=True))
        if chosen:
            codes.append(Coded(start / 1000, now / 1000, who, tuple(map(str, chosen)), draw(st.booleans())))
        gap = draw(st.integers(1, 3000))
        silences.append(Span(now / 1000, (now + gap) / 1000))
        now += gap
    turns = tuple(SpeakerInterval(s.start, s.end, s.speaker) for s in segments)
    end = segments[-1].end
    return Conversation(tuple(segments), "s01", tuple(timed), turns, tuple(codes), tuple(silences[:-1]), "en", end)


def carried(c: Conversation, name: str) -> Conversation:
    """What a format can carry of a conversation, by the table of formats."""
    parts = set(FORMS[name].carries)
    named = name in {"rttm", "ctm", "stm", "seglst"}  # formats of many recordings name each
    return Conversation(
        segments=tuple(s if Part.TEXT in parts else replace(s, text="") for s in c.segments),
        session_id=c.session_id if named else "",
        words=c.words if Part.WORDS in parts else (),
        turns=c.turns if Part.TURNS in parts else (),
        codes=c.codes if Part.CODES in parts else (),
        silences=c.silences if Part.SILENCES in parts else (),
        language=c.language if Part.LANGUAGE in parts else "",
        duration=c.duration,
    )


@pytest.mark.parametrize("name", [n for n in BOTH if n not in {"ctm", "chat"}])
@settings(max_examples=30)
@given(c=conversations(words=TOKEN | MARKED))
def test_what_a_format_carries_comes_back_equal(name: str, c: Conversation) -> None:
    if name == "srt":  # has no way to write a bracket
        c = replace(c, segments=tuple(replace(s, text=s.text.replace("<", "[")) for s in c.segments))
    assert registry.load(registry.dump(c, name), "x", name) == carried(c, name)


@settings(max_examples=30)
@given(c=conversations())
def test_chat_carries_words_and_the_mark_at_the_end(c: Conversation) -> None:
    back = registry.load(registry.dump(c, "chat"), "x", "chat")
    said = replace(c, segments=tuple(replace(s, text=chat.plain(s.text)) for s in c.segments))
    assert back == carried(said, "chat")


@settings(max_examples=30)
@given(c=conversations(words=TOKEN | MARKED))
def test_ctm_carries_words(c: Conversation) -> None:
    several = len({w.speaker for w in c.words}) > 1
    back = registry.load(registry.dump(c, "ctm"), "x", "ctm").words
    assert back == tuple(w if several else replace(w, speaker=None) for w in c.words)


HOSTILE = {
    "eaf": [
        '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><ANNOTATION_DOCUMENT>&d;</ANNOTATION_DOCUMENT>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><ANNOTATION_DOCUMENT/>',
        "<a>" * 5000,
        "<ANNOTATION_DOCUMENT><TIME_SLOT TIME_SLOT_ID='a' TIME_VALUE='99999999999999'/></ANNOTATION_DOCUMENT>",
    ],
    "whisperx": ["[" * 100_000, "1" * 10_000, '{"segments": [{"start": 1e400, "end": 2}]}', '{"segments": {"a": 1}}'],
    "seglst": ['[{"start_time": "x"}]', "{}", "[1]"],
    "textgrid": ['"ooTextFile" "TextGrid" 0 1 <exists> 999999999999', 'File type = "ooTextFile"\n"x"', '"'],
    "chat": ["@Begin\n*A:\t\x1599_1\x15", "*A:\thi"],
    "srt": ["1\n00:00:99,000 --> 00\nhi", "nothing"],
    "vtt": ["WEBVTT\n\n00:99.000 --> x\nhi", "hello"],
    "transcript-csv": ["speaker,start,end\na,1", 'speaker,start,end,text\na,0,1,"', "speaker,start\n"],
    "ctm": ["a 1 x 1 hi", "a 1"],
    "stm": ["a 1 b 3 1 hi"],
    "rttm": ["SPEAKER x", "SPEAKER a 1 nan 1 <NA> <NA> b"],
}


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, texts in HOSTILE.items() for t in texts])
def test_a_hostile_file_is_one_line_of_error(name: str, text: str) -> None:
    with pytest.raises(InputError) as error:
        registry.load(text, "bad.file", name)
    assert "bad.file" in error.value.message
    assert "passwd" not in str(error.value)


@pytest.mark.parametrize("name", registry.readable())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
@example(data=None)
def test_anything_but_a_transcript_is_refused_without_a_traceback(name: str, data: st.DataObject | None) -> None:
    whole = registry.dump(EXAMPLE, name)
    text = whole
    if data is not None:  # a piece is cut out, and something else put in
        first = data.draw(st.integers(0, len(whole)))
        last = data.draw(st.integers(first, min(len(whole), first + 20)))
        text = (
            whole[:first]
            + data.draw(st.text(max_size=8) | st.sampled_from(["-1", "1e999", '"', "<", "\x15", "{"]))
            + whole[last:]
        )
    try:
        registry.load(text, "x", name)
    except InputError as error:
        assert error.message.startswith("x")  # noqa: PT017 - a file that still makes sense is read


ODD = ["-1", "1e999", '"', "<", "\x15", "{"]
EXAMPLE = Conversation(
    (Segment(0.5, 2.0, "therapist", "Hello, how are you?"), Segment(2.5, 4.0, "client", "Tired of it.")),
    "s01",
    (AttributedWord(0.5, 0.9, "Hello,", 0.9, "therapist"), AttributedWord(2.5, 2.9, "Tired", 0.9, "client")),
    (SpeakerInterval(0.5, 2.0, "therapist"), SpeakerInterval(2.5, 4.0, "client")),
    (Coded(0.5, 2.0, "therapist", ("open_question", "affirm"), human=False),),
    (Span(2.0, 2.5),),
    "en",
    5.0,
)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = study_with(tmp_path / "study", session_result())
    store.publish(made, session_result())
    return made


def written(study: Study, form: str, path: Path) -> Path:
    exports.export(study, "s01", path, form=exports.Format(form))
    return path


@pytest.mark.parametrize("form", [f for f in exports.Format if FORMS[f].reads])
def test_what_is_exported_can_be_imported(study: Study, tmp_path: Path, form: str) -> None:
    text = written(study, form, tmp_path / f"a{FORMS[form].endings[0]}").read_text()
    found = registry.load(text, "x", registry.find(f"a{FORMS[form].endings[0]}", text))
    assert {s.casefold() for s in found.speakers} == {"therapist", "client"}


def test_pympi_reads_the_eaf_with_its_controlled_vocabulary(study: Study, tmp_path: Path) -> None:
    import pympi

    found = pympi.Elan.Eaf(str(written(study, "eaf", tmp_path / "a.eaf")))
    assert found.get_annotation_data_for_tier("utterances@therapist") == [
        (1000, 2400, "How are you?"),
        (8000, 8900, "You're tired."),
    ]
    assert found.get_annotation_data_for_tier("machine@therapist")[0][2] == "open_question"
    assert found.get_annotation_data_for_tier("codes@therapist") == []  # for a human to fill in
    assert found.get_annotation_data_for_tier("silences") == [(2400, 3000, "silence"), (4000, 8000, "silence")]
    entries = {value for value, *_ in (v[0][0] for v in found.get_cv_entries("codes").values())}
    assert {*Code, "none"} == entries


SCHEMAS = {"eaf": ("EAF_SCHEMA", "ELAN's EAFv3.0.xsd"), "qdpx": ("QDPX_SCHEMA", "REFI-QDA's Project.xsd")}


@pytest.mark.parametrize("form", SCHEMAS)
def test_the_schema_of_a_format_accepts_what_is_written_in_it(study: Study, tmp_path: Path, form: str) -> None:
    named, schema = {"eaf": ("EAF_SCHEMA", "ELAN's EAFv3.0.xsd"), "qdpx": ("QDPX_SCHEMA", "REFI-QDA's Project.xsd")}[
        form
    ]
    if not os.environ.get(named):
        pytest.skip(f"{schema} is not in the repository: name a copy of it in {named}")
    if shutil.which("xmllint") is None:
        pytest.skip("xmllint is not installed (Debian's package libxml2-utils)")
    path = written(study, form, tmp_path / f"a.{form}")
    document = zipfile.ZipFile(path).read("project.qde").decode() if form == "qdpx" else path.read_text()
    command = ["xmllint", "--noout", "--nonet", "--schema", os.environ[named], str(tmp_path / "a.xml")]
    for text, valid in ((document, True), (document.replace(' name="', ' nome="').replace("<TIER ", "<TIERS "), False)):
        (tmp_path / "a.xml").write_text(text)
        assert (subprocess.run(command, check=False, capture_output=True, timeout=60).returncode == 0) is valid


def test_praat_opens_the_textgrid(study: Study, tmp_path: Path) -> None:
    if shutil.which("praat") is None:
        pytest.skip("Praat is not installed (Debian's package praat)")
    written(study, "textgrid", tmp_path / "a.TextGrid")
    script = tmp_path / "look.praat"
    script.write_text(
        'Read from file: "a.TextGrid"\nn = Get number of tiers\nname$ = Get tier name: 1\n'
        'label$ = Get label of interval: 1, 2\nwriteInfoLine: n, ";", name$, ";", label$\n'
    )
    done = subprocess.run(["praat", "--run", str(script)], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip().split(";")[1:] == ["utterances@therapist", "How are you?"]


def test_pylangacq_reads_the_chat(study: Study, tmp_path: Path) -> None:
    import pylangacq

    found = pylangacq.read_chat(str(written(study, "chat", tmp_path / "a.cha")))
    utterances = found.utterances()
    assert [u.participant for u in utterances] == ["THE", "CLI", "THE"]
    assert utterances[0].time_marks == (1000, 2400)


@pytest.mark.parametrize("form", ["seglst", "stm", "rttm", "ctm"])
def test_meeteval_reads_the_formats_of_speech_research(study: Study, tmp_path: Path, form: str) -> None:
    import meeteval

    path = written(study, form, tmp_path / f"a.{'seglst.json' if form == 'seglst' else form}")
    found = meeteval.io.load(path, format=form)
    assert len(list(found.lines if hasattr(found, "lines") else found)) >= 3


def test_a_table_stands_beside_its_dictionary(study: Study, tmp_path: Path) -> None:
    import polars as pl

    written(study, "parquet", tmp_path / "a.parquet")
    told = pl.read_csv(tmp_path / "a.dictionary.csv")
    table = pl.read_parquet(tmp_path / "a.parquet")
    assert told.filter(pl.col("kind") == "column")["name"].to_list() == table.columns
    assert set(table["measure"]) <= set(told.filter(pl.col("kind") == "measure")["name"])
    assert told["definition"].null_count() == 0


def test_pandas_reads_what_is_made_for_tables(study: Study, tmp_path: Path) -> None:
    import pandas as pd

    said = [("therapist", "How are you?"), ("client", "=Tired canary"), ("therapist", "You're tired.")]
    talk = pd.read_csv(written(study, "transcript-csv", tmp_path / "talk.csv"))
    assert list(talk.columns) == ["speaker", "start", "end", "text"]
    assert [(who, text.lstrip("'")) for who, text in zip(talk["speaker"], talk["text"], strict=True)] == said
    assert list(talk["start"]) == [1.0, 3.0, 8.0]
    nvivo = pd.read_csv(written(study, "nvivo", tmp_path / "nvivo.txt"), sep="\t")
    assert list(nvivo.columns) == ["Timespan", "Speaker", "Content"]
    assert [(who, text.lstrip("'")) for who, text in zip(nvivo["Speaker"], nvivo["Content"], strict=True)] == said
    table = pd.read_csv(written(study, "csv", tmp_path / "a.csv"))
    assert list(table.columns) == list(tables.SCHEMAS["measures"])
    kept = store.read(study, "s01", "measures")
    assert [None if pd.isna(v) else v for v in table["value"]] == kept["value"].to_list()


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_all_tables_are_an_archive_with_one_dictionary(study: Study, tmp_path: Path, form: str) -> None:
    exports.export(study, "s01", tmp_path / "a.zip", form=exports.Format(form), table="all")
    names = zipfile.ZipFile(tmp_path / "a.zip").namelist()
    assert {"data_dictionary.csv", f"measures.{form}", f"restricted/words.{form}"} <= set(names)


def test_the_codes_of_a_refi_project_stand_at_their_words(study: Study, tmp_path: Path) -> None:
    archive = zipfile.ZipFile(written(study, "qdpx", tmp_path / "a.qdpx"))
    root = ET.fromstring(archive.read("project.qde"))
    space = {"q": "urn:QDA-XML:project:1.0"}
    source = root.find("q:Sources/q:TextSource", space)
    assert source is not None
    text = archive.read(f"sources/{source.get('plainTextPath', '').removeprefix('internal://')}").decode()
    names = {c.get("guid"): c.get("name") for c in root.iter("{urn:QDA-XML:project:1.0}Code")}
    found = {}
    for selection in source.findall("q:PlainTextSelection", space):
        piece = text[int(selection.get("startPosition", "")) : int(selection.get("endPosition", ""))]
        found[piece] = [names[r.get("targetGUID")] for r in selection.iter("{urn:QDA-XML:project:1.0}CodeRef")]
    assert found == {
        "therapist: How are you?": ["open_question"],
        "therapist: You're tired.": ["simple_reflection"],
    }


def test_vcon_is_as_draft_04_says_and_holds_consent(study: Study, tmp_path: Path) -> None:
    content = json.loads(written(study, "vcon", tmp_path / "a.vcon.json").read_text())
    assert content["vcon"] == "0.4.0"  # appendix B: the only value
    assert {"uuid", "created_at"} <= set(content)
    for dialog in content["dialog"]:
        assert {"type", "start"} <= set(dialog)
        assert dialog["type"] in {"recording", "text", "transfer", "incomplete", "recording-set"}
        assert all(party < len(content["parties"]) for party in dialog["parties"])
    for analysis in content["analysis"]:
        assert {"type", "vendor"} <= set(analysis)
    for attachment in content["attachments"]:
        assert {"start", "party", "dialog"} <= set(attachment)
    for part in (*content["analysis"], *content["attachments"]):
        assert (part["encoding"], part["mediatype"]) == ("json", "application/json")
        assert not isinstance(part["body"], str)  # 2.3.2: the JSON value itself
    assert {"purpose": "transcript", "status": "granted"} in content["attachments"][0]["body"]["consents"]
    assert content["analysis"][0]["body"][0]["text"] == "How are you?"


def test_the_bids_tree_holds_its_tables(study: Study, tmp_path: Path) -> None:
    import pandas as pd

    archive = zipfile.ZipFile(io.BytesIO(written(study, "bids", tmp_path / "a.zip").read_bytes()))
    tabs = [name for name in archive.namelist() if name.endswith(".tsv")]
    assert any(n.endswith("_task-counselling_measures.tsv") and "/ses-s01/beh/sub-" in n for n in tabs)
    for name in tabs:
        table = pd.read_csv(archive.open(name), sep="\t", na_values="n/a")
        sidecar = archive.read(name.removesuffix(".tsv") + ".json") if "/beh/" in name else b"{}"
        assert "/beh/" not in name or set(table.columns) == set(json.loads(sidecar)), name


def test_the_page_of_formats_is_generated() -> None:
    page = (Path(__file__).parent.parent / "docs" / "formats.md").read_text()
    assert registry.markdown() in page, (
        "run: python -c 'from toolkit.formats import registry; print(registry.markdown())'"
    )


def test_rustling_reads_the_srt(study: Study, tmp_path: Path) -> None:
    import rustling

    found = rustling.read_srt(str(written(study, "srt", tmp_path / "a.srt")))
    assert "How are you?" in str(list(found.to_strs()))


@pytest.mark.parametrize("form", ["eaf", "textgrid"])
def test_codes_made_in_elan_or_praat_come_back_as_that_coders(study: Study, tmp_path: Path, form: str) -> None:
    told = telling.conversation(study, "s01", telling.Labels.ROLE)
    first, second, third = told.segments
    by_hand = (
        Coded(first.start, first.end - 0.1, "therapist", ("closed_question", "affirm"), human=True),  # drawn anew
        Coded(third.start, third.end, "therapist", ("none",), human=True),
    )
    path = tmp_path / f"coded.{form}"
    path.write_text(registry.dump(replace(told, codes=(*told.codes, *by_hand)), form))
    assert corrections.import_tiers(study, "s01", path, by="T2") == 2
    codes = store.load(study, "s01").dialogue.codes
    assert not isinstance(codes, Missing)
    assert [[(a.code, a.coder) for a in c.codes] for c in codes] == [
        [(Code.CLOSED_QUESTION, HUMAN), (Code.AFFIRM, HUMAN)],
        [],
        [],
    ]
    assert {line.by for line in overlay.lines(study.overlay("s01"))} == {"T2"}
    assert second.speaker == "client"


def test_a_file_without_a_humans_codes_is_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no codes of a human"):
        corrections.import_tiers(study, "s01", written(study, "eaf", tmp_path / "a.eaf"), by="T2")
