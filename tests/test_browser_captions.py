"""A real browser plays exported WebVTT beside the sound: the right cue at the right time, its voice kept."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, browser, needs_browser
from replay import SAID, make_study

pytestmark = [needs_browser, pytest.mark.enable_socket]  # the driver and the page are asked on this machine

PAGE = """<!doctype html><meta charset="utf-8"><title>captions</title>
<video id="sound" width="400" height="100"><track id="said" kind="captions" src="s01.vtt" default></video>
<script>
    const sound = document.getElementById('sound');
    fetch('s01.wav').then((r) => r.blob()).then((b) => { sound.src = URL.createObjectURL(b); });
    document.getElementById('said').track.mode = 'showing';
</script>"""
CUES = """
    const track = document.getElementById('said');
    if (track.readyState !== 2 || sound.readyState < 2) return null;
    return [...track.track.cues].map((c) => [c.startTime, c.endTime, c.text]);
"""
SEEK = "sound.currentTime = arguments[0];"
ACTIVE = """
    if (sound.seeking || sound.currentTime !== arguments[0]) return null;
    const shown = [...document.getElementById('said').track.activeCues].map((c) => {
        const piece = document.createElement('div');
        piece.append(c.getCueAsHTML());
        const voice = piece.querySelector('[title]');
        return [c.text, piece.textContent, voice ? voice.title : ''];
    });
    return {shown};
"""


@pytest.fixture
def captions(tmp_path: Path) -> Iterator[str]:
    """The address of a page with a session's sound and its exported captions."""
    study = make_study(tmp_path, sessions=("s01",))
    vtt = tmp_path / "page" / "s01.vtt"
    vtt.parent.mkdir()
    for arguments in (
        ["consent", "grant", study.root, "--session", "s01", "--purpose", "measure", "--purpose", "transcript"],
        ["run", study.root],
        ["roles", "set", study.root, "s01", "SPEAKER_00=therapist", "SPEAKER_01=client"],
        ["export", study.root, "s01", "--format", "vtt", "--output", vtt],
    ):
        end = study.toolkit(*arguments)
        assert end.code == 0, end.err
    (vtt.parent / "s01.wav").write_bytes(study.recording("s01.wav").read_bytes())
    (vtt.parent / "index.html").write_text(PAGE)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(vtt.parent)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    server.server_close()


def cue_at(window: Browser, time: float) -> list[list[str]]:
    """What is shown at a time: the text of the file, the text on the screen, and whose voice it is."""
    window.run(SEEK, time)
    shown: list[list[str]] = window.ask(f"the cue at {time} s", ACTIVE, time)["shown"]
    return shown


def test_a_browser_plays_the_captions_beside_the_sound(captions: str, tmp_path: Path) -> None:
    with browser(tmp_path / "profile", width=700, height=500) as window:
        window.driver.get(captions)
        cues = window.ask("captions and sound", CUES)
        voices = {"SPEAKER_00": "Therapist", "SPEAKER_01": "Client"}
        # one cue an utterance; the first line of the talk is two
        assert len(cues) == 4
        for start, speaker, text in SAID:
            first = text.split(". ")[0]
            (found,) = cue_at(window, start + 0.2)
            assert found[0].startswith(f"<v {voices[speaker]}>{first}")
            assert f"<v {found[2]}>{found[1]}</v>" == found[0]  # no mark-up on the screen
            assert found[2] == voices[speaker]
        assert cue_at(window, 19.5) == []  # nobody speaks at the end
        assert window.left_the_machine() == []
        assert window.errors() == [] or all("favicon" in e for e in window.errors())
