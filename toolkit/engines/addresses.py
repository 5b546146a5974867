"""Which addresses of a cluster may be used: encrypted ones, or those of this machine itself."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from toolkit.engines.config import Certificates
from toolkit.errors import ConfigError
from toolkit.types import Missing

if TYPE_CHECKING:
    from distributed import Security

__all__ = ["checked", "is_private", "security_of"]


def checked(address: str) -> str:
    """A scheduler's address with its protocol, which is TLS where none is given and the host is not this machine.

    Raises
    ------
    ConfigError
        When it is unencrypted and leads away from this machine, or no address.

    Examples
    --------
    >>> checked("127.0.0.1:8786"), checked("node7:8786")
    ('tcp://127.0.0.1:8786', 'tls://node7:8786')
    """
    protocol, between, rest = address.partition("://")
    if not between:
        protocol, rest = ("tcp" if is_loopback(address) else "tls"), address
    if protocol not in {"tcp", "tls"} or not rest.rpartition(":")[2].isdecimal():
        raise ConfigError("this is no address of a scheduler.", hint="Write it as tls://HOST:PORT.")
    whole = f"{protocol}://{rest}"
    if not is_private(whole):
        raise ConfigError(
            "the scheduler's address is unencrypted and leads away from this machine.",
            hint="Start the scheduler with certificates and write tls://HOST:PORT; docs/scale.md says how.",
        )
    return whole


def is_private(address: str) -> bool:
    """Whether nobody on the way can read what is sent to an address: it is encrypted, or of this machine."""
    protocol, _, rest = address.partition("://")
    return protocol == "tls" or (protocol == "tcp" and is_loopback(rest))


def is_loopback(host_and_port: str) -> bool:
    """Whether a ``HOST:PORT`` is of this machine itself."""
    host = host_and_port.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def security_of(certificates: Certificates | Missing) -> Security:
    """What Dask needs to speak TLS: the certificates given, or those of Dask's own configuration."""
    from distributed import Security

    if isinstance(certificates, Missing):
        return Security()
    return Security(
        tls_ca_file=certificates.ca,
        tls_client_cert=certificates.certificate,
        tls_client_key=certificates.key,
        require_encryption=True,
    )
