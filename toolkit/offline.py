"""Nothing is contacted: telemetry of every dependency is off before it is imported, and a guard can refuse the rest.

`quiet` runs when `toolkit` is imported, in whatever process: a command, a worker, a notebook. `forbid` is what
``toolkit --strict-offline`` and ``TOOLKIT_STRICT_OFFLINE=1`` do: from then on Python code of this process, and of every
toolkit process it starts, reaches no other machine, the models of the package index included. The guard sees Python's
own sockets; for native code too, start the toolkit in a network namespace without a network (docs/privacy.md).
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Mapping
from typing import Any

from toolkit.errors import BackendError

__all__ = ["STRICT", "SWITCHES", "forbid", "is_loopback", "quiet", "strict", "switched_on"]

STRICT = "TOOLKIT_STRICT_OFFLINE"

SWITCHES: Mapping[str, str] = {
    "PYANNOTE_METRICS_ENABLED": "0",  # pyannote.audio sends models and durations of audio
    "OTEL_SDK_DISABLED": "true",  # what it sends them with
    "HF_HUB_DISABLE_TELEMETRY": "1",  # the model hub's client
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime reports machine and program from native code, once it is imported
    "DO_NOT_TRACK": "1",
    "TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1",  # no checkpoint runs code, whatever its loader asks for
}
"""Environment variables that turn off what dependencies do unasked, each with its value."""

_ASKS = {
    **dict.fromkeys(("socket.connect", "socket.sendto", "socket.sendmsg"), 1),
    **dict.fromkeys(("socket.getaddrinfo", "socket.gethostbyname"), 0),
}
"""Audit events of Python that name another machine, and which of their arguments does."""

_forbidden = False


def quiet() -> None:
    """Turn off telemetry, and the model hub unless the user allowed it; and forbid the network where that is asked."""
    os.environ.update(SWITCHES)
    if os.environ.get("TOOLKIT_ALLOW_HUB") != "1":
        os.environ["HF_HUB_OFFLINE"] = "1"
    if os.environ.get(STRICT) == "1":
        forbid()


def switched_on() -> tuple[str, ...]:
    """Switches that somebody set back in this process since."""
    return tuple(name for name, value in SWITCHES.items() if os.environ.get(name) != value)


def strict() -> bool:
    """Whether the network is forbidden in this process."""
    return _forbidden


def forbid() -> None:
    """Refuse from now on, and for good, every connection but to this machine itself."""
    global _forbidden  # noqa: PLW0603 - an audit hook cannot be taken away, so once is enough
    os.environ[STRICT] = "1"
    os.environ["HF_HUB_OFFLINE"] = "1"
    if not _forbidden:
        _forbidden = True
        sys.addaudithook(guard)


def guard(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse an event that reaches out.

    Raises
    ------
    BackendError
        Without naming the other machine: the name may be the user's.
    """
    place = _ASKS.get(event)
    if place is not None and not is_loopback(arguments[place]):
        raise BackendError("strict offline: a connection to another machine was refused.")


def is_loopback(address: Any) -> bool:
    """Whether an address, or the name of a host, stays on this machine.

    Examples
    --------
    >>> is_loopback(("127.0.0.1", 80)), is_loopback("localhost"), is_loopback(("192.0.2.1", 80)), is_loopback("a.org")
    (True, True, False, False)
    """
    if isinstance(address, tuple):  # of an internet socket; a path or bytes is one of this machine
        address = address[0] if address else None
    elif address is not None and os.fspath(address)[:1] in {"/", b"/", "\0", b"\0"}:
        return True
    if address in {None, "", b"", "localhost", b"localhost"}:
        return True
    text = address.decode("ascii", "replace") if isinstance(address, bytes) else str(address)
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False
