"""The report: one file that needs nothing else, says what the notebook says, and holds no more than consent allows."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import made
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from replay import Study, make_study
from test_player import contrast

from toolkit import corrections, display, report, store
from toolkit.consent import audit, ledger
from toolkit.display.html import Note, Table
from toolkit.errors import ConsentError, InputError
from toolkit.intervals import Span
from toolkit.measures import MEASURES
from toolkit.overlay import Correction, What
from toolkit.report import Form, content, page, paper
from toolkit.types import Purpose

SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://evil.example","x")'
HEBREW = "\u05e9\u05dc\u05d5\u05dd"
MATHS = "$\\href{javascript:alert(2)}{x^2}$"
HOSTILE = (SCRIPT, FORMULA, HEBREW, MATHS)
EMPTY = {"meta", "br", "img", "hr", "input", "link"}


class Outline(HTMLParser):
    """What a page is made of, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """One replayed session in which the client says a script, a formula and right-to-left text, and is reflected."""
    made_study = make_study(tmp_path_factory.mktemp("report"), sessions=("s01",))
    folder = made_study.root.parent / "replayed"
    words = json.loads((folder / "x.words.json").read_text())
    said = [w for w in words["words"] if 6 < w["start"] < 13]
    for word, text in zip(said, HOSTILE, strict=False):
        word["text"] = text
    (folder / "x.words.json").write_text(json.dumps(words))
    coded = ({"code": "simple_reflection", "utterance": 3, "answers": 2}, {"code": "feeling", "utterance": 2})
    (folder / "x.codes.json").write_text(json.dumps({"codes": coded}))
    for arguments in (
        ["consent", "grant", made_study.root, "--session", "s01", "--purpose", "measure", "--purpose", "transcript"],
        ["run", made_study.root],
        ["roles", "set", made_study.root, "s01", "SPEAKER_00=therapist", "SPEAKER_01=client"],
    ):
        end = made_study.toolkit(*arguments)
        assert end.code == 0, end.err
    return made_study


@pytest.fixture
def study(tmp_path: Path) -> made.Study:
    """The little session of `made`."""
    result = made.session_result()
    found = made.study_with(tmp_path / "study", result)
    store.publish(found, result)
    return found


def written(study: made.Study, folder: Path, form: Form = Form.HTML) -> str:
    """A report's text."""
    target = folder / f"report.{form}"
    report.write(study, "s01", target, form=form, force=True)
    if form is Form.HTML:
        return target.read_text()
    return " ".join(page.extract_text() for page in PdfReader(target).pages)


# what is in it


def test_a_report_is_one_page_that_loads_and_runs_nothing(hostile: Study, tmp_path: Path) -> None:
    end = hostile.toolkit("report", hostile.root, "s01", "--html", tmp_path / "a.html")
    assert end.code == 0, end.err
    text = (tmp_path / "a.html").read_text()
    found = Outline(text)
    assert {tag for tag, _ in found.tags}.isdisjoint(
        {
            "script",
            "link",
            "img",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "base",
            "video",
            "audio",
            "image",
            "use",
        }
    )
    for _, attributes in found.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), name
            assert name not in {"src", "srcset", "action", "data"}, name
            if "href" in name:
                assert (value or "").startswith("#"), value
    assert "url(http" not in text
    assert "@import" not in text
    (policy,) = [m["content"] for m in found.named("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy


def test_what_was_said_is_text_and_nothing_else(hostile: Study, tmp_path: Path) -> None:
    hostile.toolkit("report", hostile.root, "s01", "--html", tmp_path / "a.html", "--pdf", tmp_path / "a.pdf")
    found = Outline((tmp_path / "a.html").read_text())
    line = " ".join(HOSTILE)
    assert sum(line in text for text in found.texts) == 1  # what was reflected
    spoken = [a for tag, a in found.tags if tag == "td" and a.get("dir") == "auto"]
    assert spoken
    assert {a["lang"] for a in spoken} == {"en"}
    paper_text = " ".join(page.extract_text() for page in PdfReader(tmp_path / "a.pdf").pages)
    for part in ("script>", "HYPERLINK", "javascript"):
        assert part in re.sub(r"\s", "", paper_text)
    assert not [a for page in PdfReader(tmp_path / "a.pdf").pages for a in page.get("/Annots", [])]  # no links


def test_a_report_has_every_section_with_a_heading_and_every_drawing_its_words(hostile: Study) -> None:
    review = display.scan(hostile.root, "s01")
    found = Outline(report.build(review, form=Form.HTML).decode())
    assert found.named("html") == [{"lang": "en"}]
    assert len(found.named("h1")) == 1
    titles = [one.title for one in content.sections(review)]
    assert len(found.named("h2")) == len(titles) == 11
    for wanted in ("Who spoke when", "Silences", "Reflections and what they answered", "What people noted"):
        assert wanted in titles
    drawings = found.named("svg")
    assert len(drawings) >= 2
    assert all(d["role"] == "img" and len(d["aria-label"] or "") > 20 for d in drawings)
    ids = [a["id"] for _, a in found.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    assert len(found.named("caption")) == len(found.named("table"))
    assert all(h.get("scope") == "col" for h in found.named("th"))
    text = " ".join(found.texts)
    for row in review.tables["measures"]:
        assert MEASURES[row["measure"]].definition in text
        assert MEASURES[row["measure"]].title in text


def test_a_pdf_says_the_same_and_can_be_read_out(hostile: Study, tmp_path: Path) -> None:
    review = display.scan(hostile.root, "s01")
    read = PdfReader(io.BytesIO(report.build(review, form=Form.PDF)))
    assert read.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert read.trailer["/Root"]["/Lang"] == "en"
    assert read.metadata is not None
    assert read.metadata.title == "Session report: s01"
    assert [round(float(side)) for side in read.pages[0].mediabox[2:]] == [595, 842]  # A4, points
    text = re.sub(r"\s+", "", " ".join(page.extract_text() for page in read.pages))
    for one in content.sections(review):
        assert one.title.replace(" ", "") in text
    assert "Timelinefrom" in re.sub(r"\s+", "", str(alternatives(read)))


def alternatives(read: PdfReader) -> list[str]:
    """What a reader says in place of each drawing."""
    found = []
    for number in range(1, len(read.xref[0]) + 1 if read.xref else 1):
        thing = read.get_object(number)
        if isinstance(thing, dict) and "/Alt" in thing:
            found.append(str(thing["/Alt"]))
    return found


def test_what_people_said_is_in_it(study: made.Study, tmp_path: Path) -> None:
    said = [
        Correction(What.NOTE, "4.5", f"Listen {SCRIPT} here."),
        Correction(What.SILENCE, "4.0", "reflective"),
        Correction(What.RATING, "empathy", "4"),
        Correction(What.RATING, "partnership", "3"),
        Correction(What.CODE, "8.0", "complex_reflection"),
    ]
    corrections.correct(study, "s01", said, by="S1")
    for form in Form:
        text = re.sub(r"\s+", " ", written(study, tmp_path, form))
        assert "here." in text
        assert "<script>" not in text or form is Form.PDF
        assert "3.5" in text  # the relational mean
        for wanted in ("reflective", "complex reflection", "a human", "confirmed, %", "Who said anything: S1"):
            assert wanted in text, wanted


# consent


def test_without_the_purpose_transcript_there_is_no_word(study: made.Study, tmp_path: Path) -> None:
    corrections.correct(study, "s01", [Correction(What.NOTE, "4.5", "She said canary.")], by="S1")
    assert "canary" in written(study, tmp_path)
    made.grant(study, "s01", frozenset({Purpose.MEASURE, Purpose.SUPERVISION}))  # the words still lie on the disk
    for form in Form:
        text = re.sub(r"\s+", " ", written(study, tmp_path, form))
        assert "canary" not in text
        assert "Tired" not in text
        assert "Notes that are not shown: 1" in text
        assert "agreed to: measure, supervision" in text
        assert "The words are not shown" in text


def test_a_portion_that_was_excluded_since_is_not_in_it(study: made.Study, tmp_path: Path) -> None:
    corrections.correct(study, "s01", [Correction(What.NOTE, "4.5", "About the secret.")], by="S1")
    known = study.ledger()
    record = known.record("s01")
    assert record is not None
    ledger.save(study.consent_file, known.replace("s01", replace(record, excluded=(Span(3.4, 5.0),))))
    with pytest.raises(InputError, match="portion that was taken back"):
        written(study, tmp_path)
    result = made.session_result()
    store.publish(study, replace(result, dialogue=replace(result.dialogue, excluded=(Span(3.4, 5.0), Span(15, 16)))))
    text = written(study, tmp_path)
    assert "=Tired" in text
    assert "canary" not in text  # of words that reach into it nothing is shown, whatever the results hold
    assert "secret" not in text
    assert "Left out by consent: 0:03 to 0:05" in text


def test_a_withdrawn_session_has_no_report(study: made.Study, tmp_path: Path) -> None:
    made.withdraw(study, "s01")
    for form in Form:
        with pytest.raises(ConsentError, match="withdrawn"):
            report.write(study, "s01", tmp_path / "x", form=form)
    with pytest.raises(ConsentError, match="withdrawn"):
        display.scan(study.root, "s01")
    assert not (tmp_path / "x").exists()


def test_an_expired_consent_has_no_report(study: made.Study, tmp_path: Path) -> None:
    by = ledger.parties(study.recording("s01"))
    given = ledger.Grant(by[0], frozenset(Purpose), date(2020, 1, 1), date(2020, 2, 1))
    record = ledger.grant(None, given, by=by, recording_sha256="0" * 64)
    ledger.save(study.consent_file, study.ledger().replace("s01", record))
    with pytest.raises(ConsentError, match="expired"):
        report.write(study, "s01", tmp_path / "x", form=Form.HTML)


def test_the_audit_log_notes_the_export_and_that_words_were_opened(study: made.Study, tmp_path: Path) -> None:
    written(study, tmp_path)
    made.grant(study, "s01", frozenset({Purpose.MEASURE}))
    written(study, tmp_path)
    lines = [json.loads(line) for line in study.audit_file.read_text().splitlines()]
    told = [(e["event"], e["session"], e["details"].get("where"), e["details"].get("holds")) for e in lines]
    assert told == [
        ("open", "s01", "report", None),
        ("export-report", "s01", None, ["words"]),
        ("export-report", "s01", None, []),
    ]
    assert audit.verify(study.audit_file).ok
    assert "canary" not in study.audit_file.read_text()


def test_show_notes_that_words_were_opened_only_where_they_were(hostile: Study) -> None:
    log = hostile.root / "audit.jsonl"
    for arguments, lines in ((("--no-text",), 0), (("--json",), 0), ((), 1)):
        before = log.read_text().count('"event":"open"')
        assert hostile.toolkit("show", hostile.root, "s01", *arguments).code == 0
        assert log.read_text().count('"event":"open"') == before + lines


def test_a_report_is_not_written_over_what_is_there(study: made.Study, tmp_path: Path) -> None:
    for wrong in (study.settings_file, study.results / "s01" / "x.html", study.recording("s01").path):
        with pytest.raises(InputError):
            report.write(study, "s01", wrong, form=Form.HTML, force=True)
    (tmp_path / "x").write_text("mine")
    with pytest.raises(InputError, match="there already"):
        report.write(study, "s01", tmp_path / "x", form=Form.HTML)
    assert (tmp_path / "x").read_text() == "mine"


def test_a_report_can_be_made_of_a_session_without_words_codes_or_roles(tmp_path: Path) -> None:
    result = made.session_result(text=False)
    missing = made.Missing("nobody spoke English")
    dialogue = replace(result.dialogue, utterances=missing, codes=missing, silences=(), roles={}, excluded=())
    bare = replace(result, dialogue=dialogue, measures=())
    study = made.study_with(tmp_path / "study", bare)
    store.publish(study, bare)
    for form in Form:
        text = re.sub(r"\s+", " ", written(study, tmp_path, form))
        assert "No silence of 3 s or more." in text
        assert "They cannot be found: nobody spoke English" in text
        assert "Nobody has noted" in text


def test_text_stands_out_from_the_page() -> None:
    style = (Path(page.__file__).parent / "page.css").read_text()
    colours = re.findall(r"(?<![-\w])color: (#[0-9a-f]{3,6})", style)
    assert len(colours) >= 2
    assert all(contrast(colour, "#fff") >= 4.5 for colour in colours)
    assert re.findall(r"background: (\S+);", style) == ["#fff"]


def test_two_hours_are_drawn_in_lines_that_paper_can_hold(study: made.Study) -> None:
    review = display.scan(study.root, "s01")
    long = replace(review, manifest=replace(review.manifest, duration=7200.0))
    told = [drawing.description.split(";")[0] for drawing in content.timelines(long)]
    assert told == [
        "Timeline from 0:00 to 40:00 min",
        "Timeline from 40:00 to 1:20:00 min",
        "Timeline from 1:20:00 to 2:00:00 min",
    ]


# any text at all


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3), TEXT)
def test_any_text_comes_back_from_the_page_as_it_was(rows: list[tuple[str, str]], said: str) -> None:
    table = Table(said, ("a", said), tuple(rows), 1)
    found = Outline(page.render(said, said, (content.Section(said, (Note(said), table)),), language="de"))
    cells = [text for row in rows for text in row if text]

    def plain(text: str) -> str:
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")

    inside = {tag for tag, _ in found.tags}
    assert inside <= {
        *("html", "head", "meta", "title", "style", "body", "header", "nav", "ul", "li", "a", "main", "section"),
        *("h1", "h2", "p", "div", "table", "caption", "thead", "tbody", "tr", "th", "td"),
    }
    joined = plain("".join(found.texts))
    assert all(plain(cell) in joined for cell in cells)


@settings(max_examples=25)
@given(TEXT)
def test_any_text_can_be_set_on_paper(said: str) -> None:
    table = Table(said, ("a", "b"), ((said, said),), 1)
    made_of = (content.Section(said or "x", (Note(said), table)),)
    assert paper.render("t", "about", made_of, language="").startswith(b"%PDF-")


def test_a_row_that_is_longer_than_a_page_goes_on_over_it() -> None:
    long = " ".join(f"word{number}" for number in range(6000))
    made_of = (content.Section("x", (Table("c", ("a", "b"), (("1", long), ("2", "end")), 1),)),)
    read = PdfReader(io.BytesIO(paper.render("t", "about", made_of, language="en")))
    text = "".join("".join(page.extract_text().split()) for page in read.pages)
    assert len(read.pages) > 3
    assert all(f"word{number}" in text for number in (0, 2000, 4000, 5999))
    assert "end" in text


def test_letters_that_no_font_has_stop_nothing_and_are_told() -> None:
    made_of = (content.Section("x", (Note("a letter of Cypro-Minoan: \U00012f90"),)),)
    told = {
        "title": "t",
        "about": "",
        "language": "en",
        "sections": [{"title": "x", "parts": [paper.data(made_of[0].parts[0])]}],
    }
    try:
        paper.compiled(told, standards=["ua-1"])
        known = True
    except typst.TypstError:
        known = False
    text = PdfReader(io.BytesIO(paper.render("t", "about", made_of, language=""))).pages[0].extract_text()
    assert (paper.NO_FONT in " ".join(text.split())) is not known
