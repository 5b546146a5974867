"""The vault: who can read, who cannot, and that nothing is lost or left in the clear wherever it is stopped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import keyring.backend
import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaults import KEY, PHRASE, TODAY, all_sealed, contents, leaks, make, sealed, voice

from toolkit import atomic, doctor, extras, overlay, report, store, vaulting, withdrawal
from toolkit.consent import audit, voices
from toolkit.doctor import State
from toolkit.errors import BackendError, ConfigError, InputError, StoreError, ToolkitError
from toolkit.intervals import Span
from toolkit.overlay import Correction, What
from toolkit.privacy import identities, vault
from toolkit.store import sealing
from toolkit.study import Study
from toolkit.vaulting import Keeping


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has given a key yet, and none is remembered afterwards."""
    for name in (identities.KEY, identities.KEY_FILE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(identities, "_held", {})


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a key, or several, into the environment."""
    return lambda key: monkeypatch.setenv(identities.KEY, key)


# --- the format


@given(st.binary(max_size=2000), st.integers(1, 4))
def test_every_recipient_opens_it_with_the_format_s_own_library_and_nobody_else(data: bytes, count: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        secrets = [identities.made() for _ in range(count)]
        people = tuple(vault.Recipient(f"p{i}", identities.public(s)) for i, s in enumerate(secrets))
        vault.save(Path(folder), vault.Vault("0" * 32, vault.State.SEALED, people))
        shut = vault.seal(Path(folder), data)
        assert vault.is_sealed(shut)
        for secret in secrets:
            assert pyrage.decrypt(shut, [pyrage.x25519.Identity.from_str(secret)]) == data
            with identities.holding("0" * 32, [secret]):
                assert vault.unseal(Path(folder), shut, what="it") == data
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(shut, [pyrage.x25519.Identity.generate()])
        assert vault.unseal(Path(folder), b"plain " + data, what="it") == b"plain " + data


@pytest.mark.skipif(shutil.which("age") is None, reason="the program age is not installed")
def test_another_program_of_the_format_opens_it(tmp_path: Path) -> None:
    study, key_file, clinic = sealed(tmp_path)
    (tmp_path / "clinic.key").write_text(clinic + "\n")
    for key in (key_file, tmp_path / "clinic.key"):
        command = ["age", "--decrypt", "-i", str(key), str(study.overlay("s01"))]
        assert PHRASE.encode() in subprocess.run(command, capture_output=True, check=True).stdout


def test_a_study_without_a_vault_is_as_it_was(tmp_path: Path) -> None:
    study = make(tmp_path)
    assert vault.find(study.root) is None
    assert vault.seal(study.root, b"x") == b"x"
    assert not any(vault.is_sealed(path.read_bytes()) for path in sealing.sealable(study))


# --- what is encrypted


def test_what_is_there_is_encrypted_and_reads_the_same_with_the_key_of_either(
    tmp_path: Path, give: Callable[[str], None]
) -> None:
    before = contents(make(tmp_path / "plain"))
    study, key_file, clinic = sealed(tmp_path)
    assert all_sealed(study)
    assert leaks(study.root) == []
    for key in (key_file.read_text().splitlines()[-1], clinic):
        give(key)
        assert contents(study) == before


def test_what_is_written_later_is_encrypted_from_the_first_byte(tmp_path: Path, give: Callable[[str], None]) -> None:
    study, _, clinic = sealed(tmp_path)
    give(clinic)
    overlay.add(study.overlay("s02"), [Correction(What.NOTE, "2.0", f"{PHRASE} again")], by="", today=TODAY)
    store.put(study, "s02", "said", KEY, PHRASE.encode() * 9, text=True)
    voices.keep(study.ledger(), voice(), today=TODAY)
    assert all_sealed(study)
    assert leaks(study.root) == []
    assert len(overlay.lines(study.overlay("s02"))) == 2


def test_manifests_and_so_what_is_current_do_not_depend_on_the_encryption(
    tmp_path: Path, give: Callable[[str], None]
) -> None:
    plain = make(tmp_path / "plain")
    study, _, clinic = sealed(tmp_path)
    give(clinic)
    for session_id in ("s01", "s02"):
        paths = [s.results / session_id / "manifest.json" for s in (plain, study)]
        assert paths[0].read_bytes() == paths[1].read_bytes()
        assert store.is_current(study, session_id, key="k1")


def test_measures_need_no_key_and_words_do(tmp_path: Path, give: Callable[[str], None]) -> None:
    study, _, clinic = sealed(tmp_path)
    assert store.scan(study, "measures").collect().height > 100
    assert store.load_dialogue(study, "s01")[0].session_id == "s01"
    assert store.collect(study).sessions == 2
    with pytest.raises(ConfigError, match="no key is here"):
        store.scan(study, "restricted/words")
    give(clinic)
    assert store.scan(study, "restricted/words").collect()["text"].to_list().count("canary") == 2


# --- keys


def test_no_key_a_wrong_one_and_a_damaged_file_are_told_apart(tmp_path: Path, give: Callable[[str], None]) -> None:
    study, _, clinic = sealed(tmp_path)

    def told() -> ToolkitError:
        with pytest.raises(ToolkitError) as error:
            overlay.lines(study.overlay("s01"))
        assert "\n" not in str(error.value)
        assert str(tmp_path) not in str(error.value)
        return error.value

    assert (told().exit_code, "no key is here" in told().message) == (4, True)
    give(identities.made())
    assert (told().exit_code, "does not open it" in told().message) == (4, True)
    give("AGE-SECRET-KEY-1NONSENSE")
    assert (told().exit_code, "holds no key" in told().message) == (4, True)
    give(clinic)
    path = study.overlay("s01")
    data = path.read_bytes()
    for at in (30, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert (told().exit_code, "damaged" in told().message) == (6, True)
    path.write_bytes(data[:-20])
    assert told().exit_code == 6


def test_damaged_results_are_damaged_results_and_a_damaged_stage_is_none(
    tmp_path: Path, give: Callable[[str], None]
) -> None:
    study, _, clinic = sealed(tmp_path)
    give(clinic)
    words = study.results / "s01" / "restricted" / "words.parquet"
    words.write_bytes(words.read_bytes()[:-1])
    assert store.verify(study, "s01") == ("restricted/words: not what was written",)
    with pytest.raises(StoreError, match="the results are damaged"):
        store.load(study, "s01")
    kept = next((study.stages("s01") / "restricted").glob("*.json.z"))
    kept.write_bytes(kept.read_bytes()[:-1])
    assert store.get(study, "s01", "words", KEY, text=True) is None


def test_a_key_file_is_private_and_outside_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, key_file, _ = sealed(tmp_path)
    assert key_file.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv(identities.KEY_FILE, str(key_file))
    assert vault.is_open(study.root)
    key_file.chmod(0o640)
    with pytest.raises(ConfigError, match="others may look at the key file"):
        vault.unlock(study.root)
    inside = study.root / "my.key"
    shutil.copy(key_file, inside)
    monkeypatch.setenv(identities.KEY_FILE, str(inside))
    with pytest.raises(ConfigError, match="lies in the study"):
        vault.unlock(study.root)
    with pytest.raises(ConfigError, match="would lie in the study"):
        vaulting.init(make(tmp_path / "b"), (), Keeping(tmp_path / "b" / "study" / "x.key"))
    assert vault.find(tmp_path / "b" / "study") is None


class Ring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 5  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def ring() -> Iterator[Ring]:
    """The system's keyring is one in memory."""
    before, own = keyring.get_keyring(), Ring()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


def test_the_keyring_keeps_the_key_and_gives_it(tmp_path: Path, ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    study = make(tmp_path)
    where, _ = vaulting.init(study, (), Keeping())
    assert where == "in the keyring of this account"
    ((_, first),) = ring.kept.items()
    assert len(contents(study)["s01 notes"]) == 1  # type: ignore[arg-type]
    identities._held.clear()  # as in another process
    vaulting.rotate(study, Keeping())
    ((_, second),) = ring.kept.items()
    assert len(second.split()) == 1
    assert first != second
    new_file = tmp_path / "new.key"
    identities._held.clear()
    vaulting.rotate(study, Keeping(new_file))  # from the keyring into a file
    assert ring.kept == {}
    assert len(identities.in_file(new_file, home=study.root)) == 1
    assert identities.in_file(tmp_path / "new.key.earlier", home=study.root) == (second,)
    monkeypatch.setenv(identities.KEY_FILE, str(new_file))
    identities._held.clear()
    assert all_sealed(study)
    assert len(contents(study)["s01 notes"]) == 1  # type: ignore[arg-type]


def test_the_environment_comes_before_the_keyring(tmp_path: Path, ring: Ring, give: Callable[[str], None]) -> None:
    study = make(tmp_path)
    vaulting.init(study, (), Keeping())
    give(identities.made())
    with pytest.raises(ConfigError, match="TOOLKIT_VAULT_KEY does not open it"):
        vault.unlock(study.root)


def test_without_a_place_for_the_key_nothing_is_encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "ring", lambda: None)
    study, seen = make(tmp_path), list[str]()
    with pytest.raises(ConfigError, match="no keyring"):
        vaulting.init(study, (), Keeping())
    assert vault.find(study.root) is None
    vaulting.init(study, (), Keeping(shown=seen.append))
    with identities.holding(vaulting.of(study).id, seen):
        assert len(contents(study)["s01 notes"]) == 1  # type: ignore[arg-type]


def test_what_is_handed_to_a_worker_is_not_shown() -> None:
    with identities.holding("0" * 32, [identities.made()]):
        assert "AGE-SECRET" not in repr(identities.handed())


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(BackendError, match="an encrypted study needs pyrage"):
        vaulting.init(make(tmp_path), (), Keeping(tmp_path / "k"))


# --- recipients


def test_somebody_who_is_removed_reads_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, key_file, clinic = sealed(tmp_path)
    monkeypatch.setenv(identities.KEY_FILE, str(key_file))
    removed = pyrage.x25519.Identity.from_str(clinic)
    paths = list(sealing.sealable(study))
    assert all(pyrage.decrypt(path.read_bytes(), [removed]) is not None for path in paths)
    vaulting.remove(study, "clinic")
    assert list(sealing.sealable(study)) == paths
    for path in paths:
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(path.read_bytes(), [removed])
    with pytest.raises(InputError, match="key at hand"):
        vaulting.remove(study, "owner")
    with pytest.raises(InputError, match="no recipient"):
        vaulting.remove(study, "clinic")
    vaulting.add(study, vault.Recipient("clinic", identities.public(clinic)))
    assert all(pyrage.decrypt(path.read_bytes(), [removed]) is not None for path in paths)


def test_after_a_rotation_the_old_key_opens_nothing_and_the_others_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, give: Callable[[str], None]
) -> None:
    study, key_file, clinic = sealed(tmp_path)
    old = key_file.read_text().splitlines()[-1]
    monkeypatch.setenv(identities.KEY_FILE, str(key_file))
    before = contents(study)
    vaulting.rotate(study, Keeping())  # into the file that the environment names
    assert old not in key_file.read_text()
    beside = tmp_path / "owner.key.earlier"
    assert identities.in_file(beside, home=study.root) == (old,)
    assert beside.stat().st_mode & 0o777 == 0o600
    assert contents(study) == before
    for path in sealing.sealable(study):
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(path.read_bytes(), [pyrage.x25519.Identity.from_str(old)])
    give(clinic)
    assert contents(study) == before


def test_a_rotation_leaves_the_keys_of_other_studies_in_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, key_file, _ = sealed(tmp_path)
    (old,) = identities.in_file(key_file, home=study.root)
    other = identities.made()
    identities.write_file(key_file, (other, old), home=study.root)
    monkeypatch.setenv(identities.KEY_FILE, str(key_file))
    for number in (1, 2):
        vaulting.rotate(study, Keeping())
        new, kept = identities.in_file(key_file, home=study.root)
        assert kept == other
        assert vaulting.of(study).fits(new)
        assert len(identities.in_file(tmp_path / "owner.key.earlier", home=study.root)) == number


@pytest.mark.parametrize("go_on", [vaulting.encrypt, store.go_on])
def test_a_rotation_that_was_stopped_puts_the_earlier_key_away_when_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, go_on: Callable[[Study], object]
) -> None:
    study, key_file, _ = sealed(tmp_path)
    (old,) = identities.in_file(key_file, home=study.root)
    monkeypatch.setenv(identities.KEY_FILE, str(key_file))
    before = contents(study)
    with monkeypatch.context() as patched:
        stop_after(patched, 14)
        with pytest.raises(Stopped):
            vaulting.rotate(study, Keeping())
    assert old in identities.in_file(key_file, home=study.root)
    identities._held.clear()  # as in another process
    go_on(study)
    (new,) = identities.in_file(key_file, home=study.root)
    assert vaulting.of(study).fits(new)
    assert vaulting.of(study).earlier == ()
    assert identities.in_file(tmp_path / "owner.key.earlier", home=study.root) == (old,)
    assert contents(study) == before


def test_the_earlier_key_stays_while_files_are_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, key_file, _ = sealed(tmp_path)
    (old,) = identities.in_file(key_file, home=study.root)
    monkeypatch.setenv(identities.KEY_FILE, str(key_file))
    notes = study.overlay("s01")
    whole = notes.read_bytes()
    notes.write_bytes(whole[:-1])
    assert vaulting.rotate(study, Keeping())[1].damaged == ("overlay/s01.csv",)
    assert old in identities.in_file(key_file, home=study.root)
    notes.write_bytes(whole)  # put back from a backup
    assert vaulting.encrypt(study).damaged == ()
    assert old not in identities.in_file(key_file, home=study.root)
    assert overlay.lines(notes)[0].correction.value == PHRASE


def test_a_recipient_is_a_public_key() -> None:
    key = identities.public(identities.made())
    assert vault.recipient(f"clinic={key}") == vault.Recipient("clinic", key)
    assert vault.recipient(key).key == key
    for wrong in ("", "clinic=", "age1xyz", identities.made(), f"the clinic={key}", f"={key}"):
        with pytest.raises(InputError):
            vault.recipient(wrong)


# --- a vault.toml that is wrong


@pytest.mark.parametrize(
    "text", ["", "version = 1", "x = [", 'version = 1\nid = "a"\nstate = "sealed"\nrecipients = []']
)
def test_with_a_damaged_vault_nothing_is_written_in_the_clear(tmp_path: Path, text: str) -> None:
    study, _, _ = sealed(tmp_path)
    (study.root / vault.NAME).write_text(text)
    with pytest.raises(ConfigError, match=r"vault\.toml cannot be used"):
        store.put(study, "s01", "said", KEY, PHRASE.encode(), text=True)
    assert leaks(study.root) == []


def test_a_vault_file_that_is_lost_is_made_anew_with_the_same_key(tmp_path: Path) -> None:
    study, key_file, _ = sealed(tmp_path)
    with identities.holding(vaulting.of(study).id, identities.in_file(key_file, home=study.root)):
        before = contents(study)
    (study.root / vault.NAME).unlink()
    with pytest.raises(ConfigError, match="the study has no vault"):
        overlay.lines(study.overlay("s01"))
    with pytest.raises(ConfigError, match="encrypted for another key"):
        vaulting.init(study, (), Keeping(tmp_path / "another.key"))
    assert vault.find(study.root) is None
    vaulting.init(study, (), Keeping(key_file))
    with identities.holding(vaulting.of(study).id, identities.in_file(key_file, home=study.root)):
        assert contents(study) == before


def test_a_key_that_is_held_and_was_changed_since_is_looked_for_again(
    tmp_path: Path, give: Callable[[str], None]
) -> None:
    study, _, clinic = sealed(tmp_path)
    give(clinic)
    identities.hold(vaulting.of(study).id, [identities.made()])
    assert vault.unlock(study.root) == (clinic,)


# --- stopped in the middle


class Stopped(BaseException):
    """The process is gone."""


def stop_after(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Whatever is written goes to disk `count` times, and then the process is gone with a half-written file."""
    whole, left = os.fsync, [count]

    def fsync(handle: int) -> None:
        if left[0] == 0:
            raise Stopped
        left[0] -= 1
        whole(handle)

    monkeypatch.setattr(os, "fsync", fsync)


OPERATIONS: dict[str, Callable[[Study, Path], object]] = {
    "init": lambda study, key: vaulting.init(study, (), Keeping(key)),
    "rotate": lambda study, key: vaulting.rotate(study, Keeping(key)),
    "remove": lambda study, _: vaulting.remove(study, "clinic"),
    "decrypt": lambda study, _: vaulting.take_off(study),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_stopped_at_any_write_it_goes_on_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    operation, base = OPERATIONS[name], tmp_path / "base"
    expected = contents(make(tmp_path / "plain"))
    make(base) if name == "init" else sealed(base)
    ended, count = False, 0
    while not ended:
        folder = tmp_path / f"at-{count}"
        shutil.copytree(base, folder)
        study, key_file = Study(folder / "study"), folder / "owner.key"
        monkeypatch.setenv(identities.KEY_FILE, str(key_file))
        with monkeypatch.context() as patched:
            if name == "init":
                patched.delenv(identities.KEY_FILE)
            stop_after(patched, count)
            try:
                operation(study, key_file)
                ended = True
            except Stopped:
                pass
        assert contents(study) == expected, f"{name} after {count} writes"
        store.go_on(study)
        there = vault.find(study.root) is not None
        if there is (name == "decrypt") and name in {"init", "decrypt"}:  # not even the beginning was written down
            operation(study, key_file)
        assert contents(study) == expected
        assert (sealing.plain(study) == 0) == all_sealed(study) == (vault.find(study.root) is not None)
        assert leaks(study.root) == [] or name == "decrypt"
        if name == "rotate":  # the old key is there until the new one is in its place, and no longer
            first = identities.in_file(base / "owner.key", home=study.root)
            own = identities.in_file(key_file, home=study.root)
            assert vaulting.of(study).fits(first[0]) == (first[0] in own)
        shutil.rmtree(folder)
        count += 1 if count < 8 else 8
    assert count > 8


def test_half_of_a_rotation_with_one_of_the_keys_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, give: Callable[[str], None]
) -> None:
    study, key_file, _ = sealed(tmp_path)
    old = key_file.read_text().splitlines()[-1]
    give(old)
    with monkeypatch.context() as patched:
        stop_after(patched, 14)
        with pytest.raises(Stopped):
            vaulting.rotate(study, Keeping(tmp_path / "new.key"))
    assert vaulting.of(study).state is vault.State.SEALING
    with pytest.raises(ConfigError, match="use the new key, with the earlier one beside it"):
        vault.unlock(study.root)
    new = (tmp_path / "new.key").read_text().splitlines()[1]
    give(new)
    with pytest.raises(ConfigError, match="Give both keys"):
        store.go_on(study)
    give(f"{new} {old}")
    vaulting.encrypt(study)
    give(new)
    assert all_sealed(study)
    assert len(contents(study)["s01 notes"]) == 1  # type: ignore[arg-type]


def test_what_is_damaged_keeps_nobody_from_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, key_file, _ = sealed(tmp_path)
    monkeypatch.setenv(identities.KEY_FILE, str(key_file))
    for path in (study.overlay("s01"), next(study.stages("s01").glob("*.json.z"))):
        path.write_bytes(path.read_bytes()[:-1])
    (study.root / "theirs.age").write_bytes(pyrage.encrypt(b"x", [pyrage.x25519.Identity.generate().to_public()]))
    done = vaulting.remove(study, "clinic")
    assert set(done.damaged) == {"overlay/s01.csv", "theirs.age"}
    assert vaulting.of(study).state is vault.State.SEALED
    assert (study.root / "theirs.age").exists()


# --- the rest of the toolkit


def test_a_session_is_withdrawn_without_a_key(tmp_path: Path) -> None:
    study, _, _ = sealed(tmp_path)
    receipt = withdrawal.withdraw(study, "s01", today=TODAY)
    assert {f.kind for f in receipt.removed} >= {"results", "stages", "corrections"}
    assert not study.overlay("s01").exists()
    assert not (study.results / "s01").exists()


@pytest.mark.parametrize("rotated", [False, True])
def test_a_withdrawal_finds_encrypted_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, rotated: bool
) -> None:
    study, key_file, _ = sealed(tmp_path)
    monkeypatch.setenv(identities.KEY_FILE, str(key_file))
    report.write(study, "s01", study.root / "monday.html", form=report.Form.HTML)
    file = study.root / "monday.html.age"
    written = file.read_bytes()
    assert vault.is_sealed(written)
    if rotated:  # the file is another one now, and only a key tells whose it is
        vaulting.remove(study, "clinic")
        assert file.read_bytes() != written
    else:
        monkeypatch.delenv(identities.KEY_FILE)
    assert "reports" in {f.kind for f in withdrawal.withdraw(study, "s01", today=TODAY).removed}
    assert not file.exists()


def test_of_a_portion_notes_are_never_deleted_unread(tmp_path: Path, give: Callable[[str], None]) -> None:
    study, _, clinic = sealed(tmp_path)
    with pytest.raises(ConfigError, match="no key is here"):
        withdrawal.withdraw(study, "s01", today=TODAY, portions=[Span(5.0, 6.0)])
    assert study.overlay("s01").exists()
    give(clinic)
    withdrawal.finish_all(study)
    assert len(overlay.lines(study.overlay("s01"))) == 1
    assert withdrawal.unfinished(study) == ()


def test_doctor_says_how_it_stands(tmp_path: Path, give: Callable[[str], None]) -> None:
    def encryption(study: Study) -> tuple[State, str]:
        return next((f.state, f.found) for f in doctor.examine(study, today=TODAY) if f.topic == "encryption")

    plain = make(tmp_path / "plain")
    assert "the study is not encrypted by the toolkit" in encryption(plain)[1]
    study, _, clinic = sealed(tmp_path)
    assert encryption(study)[0] is State.OK
    assert any("no key that opens this study" in f.found for f in doctor.examine(study, today=TODAY))
    give(clinic)
    assert not any("no key that opens this study" in f.found for f in doctor.examine(study, today=TODAY))
    atomic.write_bytes(study.overlay("s01"), b"made_on,by,what,target,value\n")
    assert encryption(study) == (State.PROBLEM, "1 files that should be encrypted are not")
    vaulting.encrypt(study)
    assert encryption(study)[0] is State.OK
    vault.save(study.root, vaulting.of(study).standing(vault.State.SEALING))
    assert encryption(study)[0] is State.PROBLEM
    (study.root / vault.NAME).unlink()
    assert "nothing opens them" in encryption(study)[1]


def test_changes_are_in_the_audit_log(tmp_path: Path, give: Callable[[str], None]) -> None:
    study, _, clinic = sealed(tmp_path)
    give(clinic)
    vaulting.remove(study, "owner")
    vaulting.take_off(study)
    events = [line["event"] for line in audit.entries(study.audit_file)]
    assert events == ["init", "vault-init", "vault-remove", "vault-off"]
    assert audit.verify(study.audit_file).ok
