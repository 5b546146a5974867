"""`toolkit vault`: what is most sensitive in a study is encrypted, for the keys of those who may read it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from toolkit.cli.screen import say, stderr, stdout, table
from toolkit.errors import InputError

if TYPE_CHECKING:
    from toolkit.store.sealing import Brought
    from toolkit.vaulting import Keeping

__all__ = ["register"]

group = typer.Typer(no_args_is_help=True, help="Encrypt what is most sensitive in a study: tables with text and more.")

STUDY = typer.Argument(help="Folder of the study.")
KEY_FILE = typer.Option(None, "--key-file", metavar="FILE", help="Keep the key in this file, outside the study.")
SHOW_KEY = typer.Option(False, "--show-key", help="Show the key once, to be written down or kept elsewhere.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="vault")


def keeping(key_file: Path | None, *, show: bool) -> Keeping:
    """Where a new key goes."""
    from toolkit.vaulting import Keeping

    return Keeping(key_file, shown=show_key if show else None)


def show_key(key: str) -> None:
    """Show a key once."""
    say(f"The key, shown this once: {key}")


def tell(done: Brought) -> None:
    """Say what was encrypted, and what could not be."""
    say(f"{done.files} file{'' if done.files == 1 else 's'} written anew.")
    if done.moved:
        say(
            f"The earlier key stands in {done.moved} now: it opens backups made before, and what else it was for. "
            "Delete that file when nobody needs it."
        )
    for name in done.damaged:
        stderr.print(f"damaged, and left as it is: {name}", soft_wrap=True, markup=False)


@group.command("init", epilog="Example: toolkit vault init my-study --key-file ~/my-study.key --recipient clinic=age1…")
def init(
    study: Path = STUDY,
    *,
    recipient: list[str] = typer.Option(
        [],
        "--recipient",
        metavar="[NAME=]AGE1…",
        help="The public key of somebody else who may read; several are fine.",
    ),
    key_file: Path | None = KEY_FILE,
    show_key: bool = SHOW_KEY,
) -> None:
    """Encrypt a study: tables with text, corrections, voices, what stages gave, reports in its folder.

    A new key is made, unless TOOLKIT_VAULT_KEY, TOOLKIT_VAULT_KEY_FILE or --key-file has one. It is kept in the keyring
    of this account, or in the file that --key-file names. Afterwards every command reads and writes as before, where
    the key is. Measures, settings, the ledger, the audit log and the recordings are not encrypted.
    """
    from toolkit import vaulting
    from toolkit.privacy import vault
    from toolkit.study import Study

    opened = Study.open(study)
    others = [vault.recipient(text) for text in recipient]
    where, done = vaulting.init(opened, others, keeping(key_file, show=show_key))
    tell(done)
    say(f"The study is encrypted for {len(others) + 1} key{'s' * bool(others)}; the owner's is {named(where)}.")
    say(
        "When every key is lost nobody can open it any more, we neither: keep a copy of the key away from this computer"
        + ("." if others else ", or let somebody else read too: toolkit vault add")
    )
    say("Earlier, unencrypted copies (backups, what a disk still holds of deleted files) are not reached.")


@group.command("key", epilog="Example: toolkit vault key clinic.key")
def key(
    file: Path = typer.Argument(help="The file to make; it is to be kept private.", readable=False),
) -> None:
    """Make a key of one's own, for somebody who is to read another's study, and say its public half."""
    from toolkit.privacy import identities

    if file.exists():
        raise InputError(f"{file.name} is there already.", hint="Give another name.")
    secret = identities.made()
    identities.write_file(file, (secret,), home=None)
    say(f"Made {file.name}: keep it private. Whoever owns a study lets you read with:")
    say(f"  toolkit vault add STUDY NAME={identities.public(secret)}")


@group.command("status", epilog="Example: toolkit vault status my-study")
def status(study: Path = STUDY) -> None:
    """Say for whom a study is encrypted, whether all of it is, and whether its key is here."""
    from toolkit import vaulting
    from toolkit.privacy import vault
    from toolkit.store import sealing
    from toolkit.study import Study

    opened = Study.open(study)
    if vault.find(opened.root) is None:
        say(f"The study is not encrypted. Encrypt it with: toolkit vault init {opened.name}")
        return
    found = vaulting.of(opened)
    stdout.print(table("", ("recipient", "public key"), [(r.name, r.key) for r in found.recipients]), soft_wrap=True)
    plain = sealing.plain(opened)
    if found.state is not vault.State.SEALED or found.earlier:
        say(f"A change was stopped. Go on with: toolkit vault encrypt {opened.name}")
    elif plain:
        say(f"{plain} files are not encrypted. Encrypt them with: toolkit vault encrypt {opened.name}")
    else:
        say("Everything that is to be encrypted is.")
    say("A key that opens it is here." if vault.is_open(opened.root) else "No key that opens it is here.")


@group.command("add", epilog="Example: toolkit vault add my-study clinic=age1…")
def add(
    study: Path = STUDY,
    recipient: str = typer.Argument(help="The public key, with a name before it.", metavar="[NAME=]AGE1…"),
) -> None:
    """Let somebody else read: everything is encrypted anew, for their key too."""
    from toolkit import vaulting
    from toolkit.privacy import vault
    from toolkit.study import Study

    tell(vaulting.add(Study.open(study), vault.recipient(recipient)))


@group.command("remove", epilog="Example: toolkit vault remove my-study clinic")
def remove(
    study: Path = STUDY,
    name: str = typer.Argument(help="Name or public key of the recipient."),
) -> None:
    """Keep somebody out: everything is encrypted anew, and their key opens it no more."""
    from toolkit import vaulting
    from toolkit.study import Study

    tell(vaulting.remove(Study.open(study), name))
    say("What they copied while they could read is out of reach.")


@group.command("rotate", epilog="Example: toolkit vault rotate my-study --key-file new.key")
def rotate(study: Path = STUDY, *, key_file: Path | None = KEY_FILE, show_key: bool = SHOW_KEY) -> None:
    """Change your key: a new one takes its place, everything is encrypted anew, the old one opens it no more."""
    from toolkit import vaulting
    from toolkit.study import Study

    where, done = vaulting.rotate(Study.open(study), keeping(key_file, show=show_key))
    tell(done)
    say(f"The new key is {named(where)}; use it from now on.")


@group.command("encrypt", epilog="Example: toolkit vault encrypt my-study")
def encrypt(study: Path = STUDY) -> None:
    """Encrypt what lies in an encrypted study as it is, and go on with a change that was stopped."""
    from toolkit import vaulting
    from toolkit.study import Study

    tell(vaulting.encrypt(Study.open(study)))


@group.command("decrypt", epilog="Example: toolkit vault decrypt my-study --yes")
def decrypt(
    study: Path = STUDY,
    *,
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask first."),
) -> None:
    """Take the encryption off: everything lies in the study as it is again."""
    from toolkit import vaulting
    from toolkit.study import Study

    opened = Study.open(study)
    vaulting.of(opened)
    if not yes:
        typer.confirm("Write everything that is encrypted in this study back as it is?", abort=True)
    tell(vaulting.take_off(opened))
    say("The study is not encrypted any more.")


@group.command("open", epilog="Example: toolkit vault open my-study my-study/s01.html.age --output s01.html")
def open_(
    study: Path = STUDY,
    report: Path = typer.Argument(help="An encrypted report in the study's folder."),
    *,
    output: Path = typer.Option(..., "--output", "-o", help="The file to write, outside the study."),
    force: bool = typer.Option(False, "--force", help="Write over a file that is there."),
) -> None:
    """Write an encrypted report as it is to a file outside the study."""
    from toolkit import report as reports
    from toolkit.study import Study

    reports.opened(Study.open(study), report, output, force=force)
    say(f"Wrote {output.name}. It is not encrypted: keep it where you can delete it.")


def named(where: str) -> str:
    """Where a key is, as a part of a sentence: a variable of the environment is named as one."""
    return f"in {where}" if where.startswith("TOOLKIT_") else where
