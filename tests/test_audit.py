"""The audit log: every change is found, a torn end is repaired, nothing private gets in."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest

from toolkit.consent import audit
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
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            log.write_bytes(changed)
            found = audit.verify(log)
            last_newline = position == len(data) - 1
            assert not found.ok or (last_newline and found.torn), (position, bit)


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
    log.write_bytes(b"".join([a, c, d]))
    assert audit.verify(log).problems == ("line 2 does not follow the line before it.",)


def test_a_cut_tail_shows_in_count_and_head_only(log: Path) -> None:
    before = audit.verify(log)
    log.write_bytes(b"".join(lines(log)[:-1]))
    after = audit.verify(log)
    assert after.ok
    assert (after.count, after.head) != (before.count, before.head)


def test_a_torn_line_is_repaired_and_noted_wherever_it_was_torn(log: Path) -> None:
    whole, last = b"".join(lines(log)[:-1]), lines(log)[-1]
    for length in [1, 2, *range(7, len(last), 40), len(last) - 1]:
        log.write_bytes(whole + last[:length])
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
