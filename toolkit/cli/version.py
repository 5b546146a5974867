"""``toolkit --version``: what results are made with, each model by its digest."""

from __future__ import annotations

import platform

import toolkit
from toolkit.cli.screen import say
from toolkit.extras import DISTRIBUTION

__all__ = ["show"]


def show() -> None:
    """Print the version, and every model with its digest and whether it is on this machine; nothing is fetched."""
    from toolkit import models
    from toolkit.coding.trained import weights

    say(f"{DISTRIBUTION} {toolkit.__version__} (Python {platform.python_version()})")
    known = models.known().models
    rows = [(s.name, str(s.state), known[s.name].sha256) for s in models.installed() if s.name in known]
    rows.append(("trained coder", "built-in", weights.digest("built-in")))
    for name, state, digest in rows:
        say(f"{name:17} {state:8} {digest}")  # whole, to be copied: a table would cut digests short
