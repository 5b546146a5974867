"""Results on disk: one folder a session, there whole or not at all.

`publishing` writes, sweeps and purges, and says how a crash is survived; `reading` reads, verifies and scans.
"""

from toolkit.store.publishing import publish, purge, sweep, writing
from toolkit.store.reading import (
    covered,
    is_current,
    load,
    load_dialogue,
    manifest,
    may_open,
    read,
    scan,
    sessions,
    snapshot,
    verify,
)

__all__ = [
    "covered",
    "is_current",
    "load",
    "load_dialogue",
    "manifest",
    "may_open",
    "publish",
    "purge",
    "read",
    "scan",
    "sessions",
    "snapshot",
    "sweep",
    "verify",
    "writing",
]
