"""The audit log: every change is found, a torn end is repaired, nothing private gets in."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest

from toolkit.consent import anchors, audit
from toolkit.errors import StoreError


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit.jsonl"
    audit.append(path, "init")
    audit.append(path, "grant", session_id="s01", purposes=["measure", "transcript"], excluded=1)
    audit.append(path, "run-failed", session_id="s01", rule="no-record")
    audit.append(path, "withdraw", session_id="s01")
    return path


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_a_whole_log(log: Path) -> None:
    found = audit.verify(log)
    assert (found.ok, found.count, found.torn) == (True, 4, False)
    entries = [json.loads(line) for line in lines(log)]
    assert [e["n"] for e in entries] == [1, 2, 3, 4]
    assert entries[0]["previous"] == audit.START
    assert [e["previous"] for e in entries[1:]] == [e["hash"] for e in entries[:-1]]
    assert found.head == entries[-1]["hash"]
    assert entries[1]["details"] == {"purposes": ["measure", "transcript"], "excluded": 1}
    assert log.stat().st_mode & 0o777 == 0o600


def test_no_log_is_an_empty_log(tmp_path: Path) -> None:
    assert audit.verify(tmp_path / "audit.jsonl") == audit.Findings(0, audit.START, torn=False, problems=())


def test_every_flipped_bit_is_found(log: Path) -> None:
    data = b"".join(lines(log)[:2])
    anchors.write(log, 2, json.loads(lines(log)[1])["hash"])
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            log.write_bytes(changed)
            assert not audit.verify(log).ok, (position, bit)


def test_deleted_swapped_repeated_and_invented_lines_are_found(log: Path) -> None:
    a, b, c, d = lines(log)
    for changed in ([b, c, d], [a, c, d], [a, b, d], [a, c, b, d], [a, b, b, c, d], [d, a, b, c], [a, b"{}\n", c, d]):
        log.write_bytes(b"".join(changed))
        assert not audit.verify(log).ok
    log.write_bytes(b"".join([a, b, b"\n", c, d]))
    assert not audit.verify(log).ok


def test_one_change_is_reported_once(log: Path) -> None:
    a, b, c, d = lines(log)
    log.write_bytes(b"".join([a, b.replace(b"measure", b"mXasure"), c, d]))
    assert audit.verify(log).problems == ("line 2 is not as it was written.",)
    log.write_bytes(b"".join([a, d]))
    assert audit.verify(log).problems == ("lines 2 to 3 are missing before line 2.",)
    log.write_bytes(b"".join([a, c, b, d]))
    assert audit.verify(log).problems == (
        "line 2 is missing before line 2.",
        "line 3 is out of its place: it was written as line 2.",
        "line 3 is missing before line 4.",
    )
    log.write_bytes(b"".join([a, b, b, c, d]))
    assert audit.verify(log).problems == ("line 3 is out of its place: it was written as line 2.",)
    log.write_bytes(b"".join([a, c, d]))
    assert audit.verify(log).problems == ("line 2 is missing before line 2.",)


def test_a_cut_tail_is_found_by_the_head(log: Path) -> None:
    whole = lines(log)
    for kept in range(4):
        log.write_bytes(b"".join(whole[:kept]))
        gone = "line 4 is" if kept == 3 else f"lines {kept + 1} to 4 are"
        assert audit.verify(log).problems == (f"{gone} missing at the end, by audit.head.",)
        before = log.read_bytes()
        with pytest.raises(StoreError, match=r"names line 4.*audit verify"):
            audit.append(log, "run", session_id="s01")
        assert log.read_bytes() == before
    log.unlink()
    assert audit.verify(log).problems == ("lines 1 to 4 are missing at the end, by audit.head.",)


def test_a_cut_tail_and_a_head_cut_with_it_are_found_by_the_anchor_of_a_batch(log: Path) -> None:
    whole, early = lines(log), audit.head(log)
    audit.append(log, "run-done", session_id="s01")
    noted = audit.anchor(log)
    assert (noted.number, noted.hash) == (5, json.loads(lines(log)[-1])["hash"])
    log.write_bytes(b"".join(whole))
    anchors.write(log, early.number, early.hash)
    assert audit.verify(log).problems == ("line 5 is missing at the end, by audit.anchors line 1.",)
    log.with_name("audit.anchors").unlink()
    assert audit.verify(log).ok
    assert audit.verify(log, [noted]).problems == ("line 5 is missing at the end, by audit.anchors.",)


def test_a_log_written_anew_is_not_the_one_that_was_anchored(log: Path) -> None:
    audit.anchor(log)
    log.unlink()
    log.with_name("audit.head").unlink()
    for _ in range(4):
        audit.append(log, "init")
    assert audit.verify(log).problems == ("line 4 is another one than audit.anchors line 1 names.",)


def test_a_receipt_anchors_the_log(log: Path) -> None:
    receipts = log.parent / "receipts"
    receipts.mkdir()
    (receipts / "one.json").write_text(json.dumps({"audit": str(audit.head(log))}))
    assert audit.verify(log).ok
    (receipts / "two.json").write_text(json.dumps({"audit": f"5:{'0' * 64}"}))
    (receipts / "three.json").write_text("{}")
    assert audit.verify(log).problems == (
        "receipts/three.json is not as it was written.",
        "line 5 is missing at the end, by receipts/two.json.",
    )


@pytest.mark.parametrize("name", ["audit.head", "audit.anchors"])
def test_every_flipped_bit_of_what_anchors_the_log_is_found(log: Path, name: str) -> None:
    audit.anchor(log)
    path = log.with_name(name)
    data = path.read_bytes()
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            path.write_bytes(changed)
            assert not audit.verify(log).ok, (position, bit)


def test_a_head_that_is_gone_or_old_is_a_problem_and_is_noted(log: Path) -> None:
    early = audit.head(log)
    log.with_name("audit.head").unlink()
    assert audit.verify(log).problems == ("audit.head is missing: lines cut off at the end would not be found.",)
    audit.append(log, "run", session_id="s01")
    assert audit.verify(log).ok
    repair = json.loads(lines(log)[4])
    assert (repair["event"], repair["details"]) == ("repair", {"head": "missing"})
    audit.append(log, "run", session_id="s01")
    anchors.write(log, early.number, early.hash)
    assert audit.verify(log).problems == ("audit.head is older than the log: it names line 4 of 7.",)


def test_drafts_of_the_head_that_a_kill_left_go_at_once_and_nothing_else_does(log: Path) -> None:
    drafts = [log.with_name(f".{name}.x1.tmp") for name in ("audit.head", "audit.anchors")]
    other = log.with_name(".consent.toml.x1.tmp")  # somebody may be writing it now
    for path in (*drafts, other):
        path.write_text("1:")
    audit.tidy(log)
    assert [path.exists() for path in (*drafts, other)] == [False, False, True]
    assert audit.verify(log).problems == ()


def test_a_crash_between_line_and_head_leaves_a_log_that_verifies_and_goes_on(log: Path) -> None:
    for _ in range(3):
        audit.append(log, "run", session_id="s01")
        behind = json.loads(lines(log)[-2])
        anchors.write(log, behind["n"], behind["hash"])
        assert audit.verify(log).ok
    audit.append(log, "run", session_id="s01")
    assert (audit.verify(log).ok, audit.head(log).number) == (True, 8)


def test_a_torn_line_is_repaired_and_noted_wherever_it_was_torn(log: Path) -> None:
    whole, last = b"".join(lines(log)[:-1]), lines(log)[-1]
    for length in [1, 2, *range(7, len(last), 40), len(last) - 1]:
        log.write_bytes(whole + last[:length])
        anchors.write(log, 3, json.loads(lines(log)[2])["hash"])  # the head is written after the line
        torn = audit.verify(log)
        assert (torn.ok, torn.torn, torn.count) == (True, True, 3)
        audit.append(log, "export", session_id="s01", format="rttm")
        found = audit.verify(log)
        assert (found.ok, found.torn, found.count) == (True, False, 5)
        repair = json.loads(lines(log)[3])
        assert (repair["event"], repair["details"]) == ("repair", {"bytes": length})


def test_a_log_that_is_only_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b'{"at":"2026')
    audit.append(path, "init")
    assert audit.verify(path).ok
    assert [json.loads(line)["event"] for line in lines(path)] == ["repair", "init"]


def test_nothing_is_added_to_a_changed_end(log: Path) -> None:
    log.write_bytes(log.read_bytes().replace(b'"withdraw"', b'"swap"'))
    before = log.read_bytes()
    with pytest.raises(StoreError, match="not as it was written"):
        audit.append(log, "run", session_id="s01")
    assert log.read_bytes() == before


def test_a_long_log_is_appended_to_without_reading_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    for number in range(220):
        audit.append(path, "run", session_id=f"s{number}", hash="x" * 64)
    assert path.stat().st_size > 1 << 16
    assert audit.verify(path).ok
    assert audit.verify(path).count == 220


@pytest.mark.parametrize("event", ["unknown", "", "run ok", "Run", "run-", "runfailed"])
def test_unknown_events(tmp_path: Path, event: str) -> None:
    with pytest.raises(ValueError, match="event"):
        audit.append(tmp_path / "audit.jsonl", event)
    assert not (tmp_path / "audit.jsonl").exists()


@pytest.mark.parametrize(
    "value",
    ["/home/someone/a.wav", "what was said", "a" * 81, "Jos\xe9", "a\nb", 1.5, True, ["a b"], [1], {"a": "b"}, None],
)
def test_no_paths_and_no_sentences(tmp_path: Path, value: object) -> None:
    with pytest.raises(ValueError, match="short words"):
        audit.append(tmp_path / "audit.jsonl", "run", detail=value)  # type: ignore[arg-type]


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(StoreError, match=r"audit\.jsonl"):
        audit.append(tmp_path / "audit.jsonl", "init")
    with pytest.raises(StoreError, match=r"audit\.jsonl"):
        audit.verify(tmp_path / "audit.jsonl")


def write_some(path: Path) -> None:
    for _ in range(25):
        audit.append(path, "run", session_id="s01")


def test_many_writers_at_once(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=write_some, args=(path,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = audit.verify(path)
    assert (found.ok, found.count) == (True, 75)
