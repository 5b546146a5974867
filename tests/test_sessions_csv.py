"""sessions.csv: what is read, and one clear line with its line number for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.errors import InputError, StoreError
from toolkit.formats import sessions
from toolkit.types import Recording

HEADER = "session_id,recording,therapist,client,recorded_on,language,speakers,channels\n"
ROW = "s01,recordings/a.wav,T01,C01,2026-11-23,en,2,\n"


def read(tmp_path: Path, text: str | bytes) -> dict[str, Recording]:
    path = tmp_path / "sessions.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return sessions.read(path, root=tmp_path)


def test_a_full_row(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + 's01,a.wav,T01,C01,2026-11-23,EN,2,"therapist,client"\n')["s01"]
    assert found == Recording(
        "s01", tmp_path / "a.wav", "T01", "C01", "2026-11-23", "en", 2, 2, ("therapist", "client")
    )


def test_what_may_be_left_out(tmp_path: Path) -> None:
    found = read(tmp_path, "client,session_id,recorded_on,recording,therapist\nC01,s01,,/far/a.wav,T01\n")["s01"]
    assert found == Recording("s01", Path("/far/a.wav"), "T01", "C01", "", "", 2, 2, ())


@pytest.mark.parametrize(
    ("speakers", "channels", "expected"),
    [
        ("", "", (2, 2)),
        ("3", "", (3, 3)),
        ("2-4", "", (2, 4)),
        ("2 - 4", "", (2, 4)),
        ("2\u20134", "", (2, 4)),
        ("", "therapist;client;other", (3, 3)),
        ("2", "therapist;client", (2, 2)),
        ("20", "", (20, 20)),
    ],
)
def test_speakers(tmp_path: Path, speakers: str, channels: str, expected: tuple[int, int]) -> None:
    found = read(tmp_path, HEADER + f"s01,a.wav,T01,C01,,,{speakers},{channels}\n")["s01"]
    assert (found.min_speakers, found.max_speakers) == expected


def test_what_spreadsheets_write(tmp_path: Path) -> None:
    plain = read(tmp_path, HEADER + ROW)
    assert read(tmp_path, b"\xef\xbb\xbf" + (HEADER + ROW).encode()) == plain
    assert read(tmp_path, (HEADER + ROW).replace("\n", "\r\n")) == plain
    assert read(tmp_path, (HEADER + ROW).replace(",", ";")) == plain
    assert read(tmp_path, (HEADER + ROW).replace(",", "\t")) == plain
    assert read(tmp_path, HEADER + "\n,,,,,,,\n" + ROW + "\n\n") == plain
    assert read(tmp_path, (HEADER + ROW).rstrip("\n")) == plain
    assert read(tmp_path, (HEADER + ROW).replace("s01", ' "s01"').replace(' "', '"')) == plain
    semicolons = HEADER.replace(",", ";") + "s01;a.wav;T01;C01;;;;therapist,client\n"
    assert read(tmp_path, semicolons)["s01"].channels == ("therapist", "client")


def test_header_only(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["is empty", "session_id,recording"]),
        ("\n\n", ["is empty"]),
        (HEADER.replace("speakers", "speaker") + ROW, ["line 1", "unknown column speaker.", "Did you mean speakers?"]),
        (HEADER.replace("session_id", "Session_ID") + ROW, ["unknown column Session_ID", "Did you mean session_id?"]),
        (HEADER.replace("language", "zzz") + ROW, ["unknown column zzz", "Known: session_id"]),
        (HEADER.replace("client,", "") + "s01,a.wav,T01,,,,\n", ["line 1", "column client is missing"]),
        (HEADER.replace("language", "client") + ROW, ["column client is there twice"]),
        (HEADER.replace("\n", ",\n") + ROW, ["column 9 has no name"]),
        (HEADER + ROW + ROW, ["line 3", "s01 is there already, on line 2"]),
        (HEADER + ROW + ROW.replace("s01", "S01"), ["line 3", "S01 is there already"]),
        (HEADER + "s01,a.wav,T01\n", ["line 2", "3 values, but 8 columns"]),
        (HEADER + ROW.replace("a.wav", "a,b.wav"), ["9 values, but 8 columns", "double quotes"]),
        (HEADER + ROW.replace("a.wav", 'a"b.wav').replace("recordings", '"recordings'), ["line 2", "not a valid CSV"]),
        (HEADER + 's01,"a.wav,T01,C01,,,,\n', ["line 2", "double quote missing"]),
        (HEADER + ROW.replace("recordings/a.wav", " "), ["recording is empty"]),
        (HEADER + ROW.replace("a.wav", "a\0.wav"), ["recording is empty"]),
        (HEADER + ROW.replace("T01", ""), ["therapist needs a pseudonymous id"]),
        (HEADER + ROW.replace("C01", "Jane Doe"), ["client needs a pseudonymous id", "without spaces"]),
        (HEADER + ROW.replace("C01", "C01;C01"), ["same id twice"]),
        (HEADER + ROW.replace("C01", "T01"), ["the same person"]),
        (HEADER + ROW.replace("2026-11-23", "23.11.2026"), ["recorded_on '23.11.2026' is no date", "2026-11-23"]),
        (HEADER + ROW.replace("2026-11-23", "2026-02-30"), ["is no date"]),
        (HEADER + ROW.replace("2026-11-23", "20261123"), ["is no date"]),
        (HEADER + ROW.replace("2026-11-23", "2026-W47-1"), ["is no date"]),
        (HEADER + ROW.replace(",en,", ",english,"), ["language 'english'"]),
        (HEADER + ROW.replace(",2,", ",two,"), ["speakers 'two'"]),
        (HEADER + ROW.replace(",2,", ",0,"), ["speakers '0'"]),
        (HEADER + ROW.replace(",2,", ",4-2,"), ["speakers '4-2'"]),
        (HEADER + ROW.replace(",2,", ",21,"), ["speakers '21'"]),
        (HEADER + ROW.replace(",2,", ",2.0,"), ["speakers '2.0'"]),
        (HEADER + ROW.replace(",2,", ",-2,"), ["speakers '-2'"]),
        (HEADER + ROW.replace(",2,", ",04-Feb,"), ["speakers '04-Feb'", "date"]),
        (HEADER + ROW.replace(",2,\n", ",3,therapist;client\n"), ["2 channels, but 3 speakers"]),
        (HEADER + ROW.replace(",2,\n", ",,therapist;cleint\n"), ["unknown channel label cleint", "client?"]),
        (HEADER + ROW.replace(",2,\n", ",,client;client\n"), ["there twice"]),
        (HEADER + ROW.replace(",2,\n", ",,therapist\n"), ["1 channels"]),
        (HEADER + ROW.replace(",2,\n", ",,therapist;\n"), ["channel label ''"]),
        (HEADER.encode("utf-16"), ["UTF-16", "CSV UTF-8"]),
        ((HEADER + ROW + ROW.replace("C01", "J\xfcrgen")).encode("latin-1"), ["line 3", "not UTF-8"]),
    ],
)
def test_one_clear_line(tmp_path: Path, text: str | bytes, said: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    assert "\n" not in message
    assert str(tmp_path) not in message
    assert message.startswith("sessions.csv")
    for part in said:
        assert part in message


def test_a_broken_row_after_one_of_several_lines(tmp_path: Path) -> None:
    text = HEADER + 's01,"two\nlines.wav",T01,C01,,,,\ns02,b.wav,T01,C01,soon,,,\n'
    with pytest.raises(InputError, match=r"sessions\.csv, line 4: recorded_on"):
        read(tmp_path, text)


def test_not_there_or_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no sessions\.csv here"):
        sessions.read(tmp_path / "sessions.csv", root=tmp_path)
    (tmp_path / "sessions.csv").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        sessions.read(tmp_path / "sessions.csv", root=tmp_path)


GOOD_IDS = ["s01", "1", "A.b-c_d", "x" * 64, "console", "com10", "s.con"]
BAD_IDS = [
    "",
    ".a",
    "-a",
    "_a",
    "a b",
    "a/b",
    "a\\b",
    "..",
    "a..b",
    "a.",
    "x" * 65,
    "CON",
    "nul.txt",
    "Com1",
    "lpt9.a",
    "s\xe9",
    "a\n",
    "a:b",
    "\u0661",
]


@pytest.mark.parametrize("name", GOOD_IDS)
def test_session_ids_that_are_folder_names(name: str) -> None:
    assert sessions.check_session_id(name, where="here") == name


@pytest.mark.parametrize("name", BAD_IDS)
def test_session_ids_that_are_not(name: str) -> None:
    with pytest.raises(InputError, match="here: session_id"):
        sessions.check_session_id(name, where="here")


def row(**changes: str) -> dict[str, str]:
    return {"session_id": "s01", "recording": "a.wav", "therapist": "T01", "client": "C01", **changes}


def test_append(tmp_path: Path) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text(HEADER, encoding="utf-8")
    sessions.append(path, row(recorded_on="2026-11-23", channels="therapist;client"))
    sessions.append(path, row(session_id="s02", recording='odd "name",\n;x.wav'))
    found = sessions.read(path, root=tmp_path)
    assert list(found) == ["s01", "s02"]
    assert found["s02"].path == tmp_path / 'odd "name",\n;x.wav'
    assert [p.name for p in tmp_path.iterdir()] == ["sessions.csv"]


def test_append_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "sessions.csv"
    path.write_bytes(
        "\ufeffclient;session_id;recorded_on;recording;therapist\nC;s00;;a;b.wav;T\n".replace(
            "a;b.wav", '"a;b.wav"'
        ).encode()
    )
    sessions.append(path, row())
    sessions.append(path, row(session_id="s02", language="en"))
    assert path.read_bytes().startswith(b"\xef\xbb\xbfclient;session_id;recorded_on;recording;therapist;language\n")
    found = sessions.read(path, root=tmp_path)
    assert [r.language for r in found.values()] == ["", "", "en"]
    assert found["s00"].path.name == "a;b.wav"


def test_append_to_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        sessions.append(tmp_path / "gone" / "sessions.csv", row())


def test_append_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text(HEADER + ROW, encoding="utf-8")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match=r"sessions\.csv: the disk is full"):
        sessions.append(path, row(session_id="s02"))
    assert path.read_text(encoding="utf-8") == HEADER + ROW
    assert [p.name for p in tmp_path.iterdir()] == ["sessions.csv"]


names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names.filter(lambda n: bool(n.strip())))
def test_any_path_survives(tmp_path: Path, name: str) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text(HEADER, encoding="utf-8")
    sessions.append(path, row(recording=name))
    sessions.append(path, row(session_id="s02", recording="plain.wav"))
    found = sessions.read(path, root=tmp_path)
    assert found["s01"].path == tmp_path / name


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda t: (HEADER + t).encode("utf-8", "replace")))
def test_anything_else_is_an_input_error(tmp_path: Path, data: bytes) -> None:
    try:
        found = read(tmp_path, data)
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either way is right, this is what must hold
    else:
        assert all(sessions.check_session_id(s, where="") for s in found)
