"""Examples of the documents: the blocks of a page, and what the tests need to run each page's in order.

```sh and ```python blocks are run by the tests as they stand. What no test can run (an installation from an index, a
container, a cluster of other machines) stands in ```console blocks, indented, or between the words of a sentence: there
the commands and their options are looked up.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import many
from audio_files import voice, write
from conftest import ROOT
from double_coded import fill, study_of
from many import Made, value, values
from replay import Study, replay_in

from toolkit import study as studies
from toolkit import telling
from toolkit.formats import registry
from toolkit.formats.conversation import Coded

PAGES = sorted([*ROOT.glob("*.md"), *(p for f in ("docs", "pipelines", "toolkit") for p in ROOT.glob(f"{f}/**/*.md"))])
PAGES.append(ROOT / "sample_data" / "README.md")
BLOCK = re.compile(r"^[ >]*```[ ]*(\w*).*?\n(.*?)^[ >]*```", flags=re.DOTALL | re.MULTILINE)
ZOOM = """WEBVTT

1
00:00:00.500 --> 00:00:03.120
Emma: Thanks for coming in. What brings you here?

2
00:00:03.900 --> 00:00:08.040
Mike: I have been so tired of the drinking. One thing: I want to stop.

3
00:00:08.950 --> 00:00:11.010
Emma: You are worn out by it.
"""


def name_of(page: Path) -> str:
    """The page's path within the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *kinds: str) -> list[str]:
    """The page's blocks of code of these kinds, in order."""
    return [text for kind, text in BLOCK.findall(page.read_text()) if kind in kinds]


def lines(page: Path, *kinds: str) -> list[str]:
    """Every line of these blocks without its comment."""
    found = (line.split("  #")[0].strip() for block in blocks(page, *kinds) for line in block.splitlines())
    return [line for line in found if line and not line.startswith("#")]


def mentions(page: Path) -> Iterator[str]:
    """Commands that the page names and that are not run: in a sentence, indented, or in a ```console block."""
    yield from lines(page, "console", "powershell", "")
    prose = BLOCK.sub("", page.read_text())
    yield from re.findall(r"`([^`\n]+)`", prose)
    yield from re.findall(r"(?m)^ {4}(\S.*)$", prose)


def nothing(_: Path) -> None:
    """Take nothing for granted."""


def no_promise(_folder: Path, _told: str) -> None:
    """Promise nothing but that every example runs."""


@dataclass(frozen=True)
class Setting:
    """What a page takes for granted.

    `prepare` makes it; before and after a line that holds a key its function is called; `promised` looks at the folder
    and at what was printed when all is done.
    """

    prepare: Callable[[Path], None] = nothing
    before: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)
    after: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)
    promised: Callable[[Path, str], None] = no_promise
    models: bool = False  # the real ones are used
    demo: bool = False  # `demo-study` is there, made by the real models


def recordings(folder: Path) -> None:
    """Two recordings; what the models would hear of them is replayed."""
    for name, seed in (("recording.flac", 1), ("second.flac", 2)):
        write(folder / name, voice(20, 16000, seed=seed), rate=16000, muxer="flac", codec="flac")


def replayed(folder: Path) -> None:
    """Let the new study replay what models would hear."""
    replay_in(folder / "my-study")


def a_study(folder: Path) -> None:
    """A study whose one session is consented to and not yet run."""
    recordings(folder)
    study = Study(folder / "my-study")
    assert study.toolkit("init", study.root).code == 0
    replayed(folder)
    study.add_and_consent("s01", folder / "recording.flac")


def a_new_study(folder: Path) -> None:
    """A study without a session, beside a recording."""
    recordings(folder)
    assert Study(folder / "my-study").toolkit("init", folder / "my-study").code == 0


def an_excerpt(folder: Path) -> None:
    """The first 75 seconds of a sample recording, and codes in a table."""
    import av
    import numpy as np

    with av.open(str(ROOT / "sample_data" / "recordings" / "reflective.flac")) as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    sound = np.concatenate(frames)[: 75 * 16000].astype(np.float32) / 32768
    shutil.copy(ROOT / "sample_data" / "truth" / "coded.csv", folder)
    write(folder / "recording.flac", sound, rate=16000, muxer="flac", codec="flac")


def a_captioned_meeting(folder: Path) -> None:
    """Captions as Zoom writes them."""
    (folder / "zoom.vtt").write_text(ZOOM)


def no_coder(folder: Path) -> None:
    """The page is about formats: no coder is needed, and no model."""
    settings = folder / "my-study" / "toolkit.toml"
    settings.write_text(settings.read_text().replace('coder = "trained"', 'coder = "none"'))


def coded_in_elan(folder: Path) -> None:
    """What a human made of the first utterance in ELAN."""
    told = telling.conversation(studies.Study(folder / "my-study"), "s01", telling.Labels.ROLE)
    first = told.segments[0]
    coded = Coded(first.start, first.end, "therapist", ("open_question",), human=True)
    (folder / "coded.eaf").write_text(registry.dump(replace(told, codes=(coded,)), "eaf"))


def sessions_to_code(folder: Path) -> None:
    """Eight processed sessions."""
    study_of(folder / "my-study")


def both_coders(folder: Path) -> None:
    """What two people wrote into their packs: they differ on every third utterance."""
    fill(folder / "pack-A", lambda _item, _row: "open_question")
    fill(folder / "pack-B", lambda _item, row: "none" if int(row["utterance"]) % 3 == 0 else "open_question")


def processed_sessions(folder: Path) -> None:
    """Sessions of two therapists, with numbers made up."""
    days = {"s01": "2025-01-01", "s02": "2025-02-01", "s03": "2025-03-01"}
    one = values(value("longest_turn", 20.0))
    made = [Made(name, "T02" if name == "s03" else "T01", day, one) for name, day in days.items()]
    many.study_of(folder / "my-study", made)


def nothing_is_left(folder: Path, _told: str) -> None:
    """Of a session whose consent was withdrawn no file is left that was made from it."""
    results = folder / "my-study" / "results"
    assert not [p for p in results.rglob("*") if p.is_file() and "lock" not in p.name]


def notebooks_open_where_the_comments_say(_folder: Path, told: str) -> None:
    """The latest session, the one that was named, the therapist's own; copies are kept where the page says."""
    opened = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert [o["SESSION"] for o in opened] == ["s03", "s01", "s02", "s03"]
    assert [o["first"] for o in opened][2] == "02_trainee_progress.ipynb"
    assert [o["keep"] for o in opened] == [None, None, None, "my-notebooks"]


def the_interface_answers(folder: Path, told: str) -> None:
    """Outcomes, a share with its unit, and captions."""
    assert "reflective current" in told
    assert re.search(r"^therapist 0\.\d\d share", told, flags=re.MULTILINE)
    assert (folder / "reflective.vtt").read_text().startswith("WEBVTT")


def coders_agree_in_part(folder: Path, told: str) -> None:
    """Two of three utterances coded alike are found to be so."""
    assert "A" in told
    assert (folder / "pack-A.key.csv").exists()


def a_table_comes_with_its_dictionary(folder: Path, _told: str) -> None:
    """Beside the table stands what its columns mean."""
    assert (folder / "s01-turns.dictionary.csv").exists()


def the_shell_completes(folder: Path, _told: str) -> None:
    """The shell's start file was written."""
    assert "toolkit" in "".join(p.read_text() for p in folder.rglob(".bash*") if p.is_file())


QUICK_START = Setting(recordings, after={" init ": replayed})
SETTINGS: Mapping[str, Setting] = {  # of pages that take more for granted than an empty folder
    "README.md": Setting(an_excerpt, models=True, promised=nothing_is_left),
    "docs/agreement.md": Setting(
        sessions_to_code, before={"agree compare": both_coders}, promised=coders_agree_in_part
    ),
    "docs/api.md": Setting(demo=True, promised=the_interface_answers),
    "docs/formats.md": Setting(
        a_captioned_meeting,
        before={"coded.eaf": coded_in_elan},
        after={" init ": no_coder},
        promised=a_table_comes_with_its_dictionary,
    ),
    "docs/install.md": Setting(demo=True, promised=the_shell_completes),
    "docs/languages.md": Setting(a_new_study),
    "docs/notebooks.md": Setting(processed_sessions, promised=notebooks_open_where_the_comments_say),
    "docs/privacy.md": Setting(a_study, promised=nothing_is_left),
    "docs/start-researcher.md": QUICK_START,
    "docs/start-supervisor.md": QUICK_START,
    "docs/start-therapist.md": QUICK_START,
}
