"""Parts that are installed only when wanted: one way to say which extra of the package has what is missing.

A heavy part asks here for its library before it imports it; where it is not there, the user reads one line with the
command that installs it.
"""

from __future__ import annotations

from importlib.util import find_spec

from toolkit.errors import BackendError

__all__ = ["DISTRIBUTION", "EXTRAS", "need"]

DISTRIBUTION = "counselling-session-toolkit"

EXTRAS = {
    "anywidget": "lab",
    "distributed": "cluster",
    "jupyterlab": "lab",
    "meeteval": "evaluate",
    "presidio_analyzer": "privacy",
}
"""Module to the extra that brings it; what is not here comes with the toolkit itself."""


def need(module: str, *, what: str) -> None:
    """Make sure that a module of an extra is installed; it is looked for and not imported.

    Parameters
    ----------
    module
        Its name; one that is not among `EXTRAS` comes with the toolkit itself.
    what
        What needs it, as the user knows it: "the session player".

    Raises
    ------
    BackendError
        When it is not there; the line says how to install it.
    """
    if find_spec(module) is None:
        extra = f"[{EXTRAS[module]}]" if module in EXTRAS else ""
        raise BackendError(
            f"{what} needs {module}, which is not installed.", hint=f'Install it: pip install "{DISTRIBUTION}{extra}"'
        )
