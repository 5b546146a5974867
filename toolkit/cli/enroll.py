"""`toolkit enroll`: keep what tells one person's voice, with that person's own consent."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

from toolkit.cli import consent_voices
from toolkit.cli.consent import this_day
from toolkit.cli.models import watching
from toolkit.cli.screen import say

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command, and those of `toolkit consent` that are about one person's voice."""
    app.command("enroll", epilog="Example: toolkit enroll my-study T01 therapist-alone.wav")(enroll)
    consent_voices.register()


def enroll(
    study: Path = typer.Argument(help="Folder of the study.", readable=False),
    person: str = typer.Argument(help="Pseudonym of the person, such as T01.", metavar="PERSON"),
    recording: Path = typer.Argument(help="A recording of this person alone, a minute or so.", readable=False),
) -> None:
    """Enrol a person's voice, so that their sessions say by themselves which speaker they are.

    Only 192 numbers that describe the voice are kept, in a private folder of the study, and never exported; the
    recording is neither copied nor changed. The person's own consent comes first: toolkit consent grant-voice.
    """
    from toolkit import models, voices
    from toolkit.backends.channels import SEGMENTATION
    from toolkit.backends.voiceprint import MODEL
    from toolkit.study import Study

    opened = Study.open(study)
    consent_voices.tidy(opened)
    with watching():
        for name in (SEGMENTATION, MODEL):
            models.path(name)
    done = voices.enroll(opened, person, recording, today=this_day())
    said = "Enrolled the voice again" if done.replaced else "Enrolled the voice"
    say(f"{said} of the {done.party.role} {person}, from {done.seconds:.0f} s of speech. No sound is kept.")
    say("It is compared only in sessions of this person in which everybody has granted the purpose voiceprint:")
    say(f"  toolkit consent grant {shlex.quote(str(study))} --session s01 --purpose voiceprint")
