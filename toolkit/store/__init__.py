"""Results on disk: one folder a session, there whole or not at all.

`publishing` writes, sweeps and purges, and says how a crash is survived; `reading` reads, verifies and scans, and
`opening` says who may; `keeping` keeps what single stages gave; `collecting` makes the compacted dataset of many
sessions, and `collected` says what it is; `derived` knows every kind of thing that a withdrawal deletes; `sealing` says
what is encrypted in a study that has a vault.
"""

from toolkit.store.collecting import Collected, collect
from toolkit.store.keeping import Entry, claimed, drop, drop_empty, entries, get, put, stage_folders, sweep_stages
from toolkit.store.opening import covered, lacking, let_in, may_open, note_opened
from toolkit.store.publishing import publish, purge, sweep, writing
from toolkit.store.reading import (
    is_current,
    is_there,
    load,
    load_dialogue,
    manifest,
    read,
    scan,
    sessions,
    snapshot,
    usable,
    verify,
)
from toolkit.store.sealing import go_on

__all__ = [
    "Collected",
    "Entry",
    "claimed",
    "collect",
    "covered",
    "drop",
    "drop_empty",
    "entries",
    "get",
    "go_on",
    "is_current",
    "is_there",
    "lacking",
    "let_in",
    "load",
    "load_dialogue",
    "manifest",
    "may_open",
    "note_opened",
    "publish",
    "purge",
    "put",
    "read",
    "scan",
    "sessions",
    "snapshot",
    "stage_folders",
    "sweep",
    "sweep_stages",
    "usable",
    "verify",
    "writing",
]
