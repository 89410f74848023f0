"""Where a broker is and how a gateway introduces itself there."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ganzhi.errors import ConfigError, Fault

SCHEMES = {"mqtt": 1883, "mqtts": 8883}
PROTOCOLS = ("5", "3.1.1")
TOPIC_LEVEL = re.compile(r"^[^/+#\x00$][^/+#\x00]*$")


@dataclass(frozen=True, slots=True)
class Address:
    """A broker's host and port, whether TLS is meant, and the credentials written into the URL, if any."""

    host: str
    port: int
    tls: bool
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read mqtt://[user:password@]host[:port] or mqtts://…; raises ConfigError."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ConfigError([_not_an_address(url, f" ({error})")]) from error
        if parts.scheme not in SCHEMES or not parts.hostname or port == 0:
            raise ConfigError([_not_an_address(url)])
        return cls(
            parts.hostname,
            port or SCHEMES[parts.scheme],
            parts.scheme == "mqtts",
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Login:
    """What a broker asks for: credentials, and for mqtts:// the certificates to trust instead of the system's.

    A username stands before one in the URL; an empty one means none.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""


ANONYMOUS = Login()


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """Who the gateway is, where its broker is, and how patient it is.

    protocol        "5", or "3.1.1" where the broker is old
    window          messages sent and not yet acknowledged, at most; an MQTT 5 broker may lower it
    receipts        a message is done when the platform's receipt comes; False: when the broker acknowledged it
    resend_after_s  all is sent again when everything was acknowledged and no receipt came for so long; in vain, the
                    wait doubles up to five minutes
    grace_s         no receipt at all so long after the first acknowledgement: a platform without receipts
    buffer          messages kept until they are done
    buffer_bytes    the same in bytes of their payloads
    folder          where they are kept for the next start, one folder a gateway; None: in memory only
    patience_s      how long `publish` waits for room in the buffer before it raises Unavailable
    attempts        failed attempts before the first connection is given up; later ones are repeated for ever
    """

    url: str
    enterprise: str
    gateway: str
    protocol: str = "5"
    login: Login = ANONYMOUS
    client_id: str = ""
    window: int = 200
    receipts: bool = True
    resend_after_s: float = 10.0
    grace_s: float = 5.0
    buffer: int = 100_000
    buffer_bytes: int = 64 * 2**20
    folder: Path | None = None
    patience_s: float = 60.0
    attempts: int = 5
    keep_alive_s: int = 30

    @property
    def topic(self) -> str:
        """What the topics `…/data`, `…/state` and `…/receipt` begin with."""
        return f"ganzhi/v1/{self.enterprise}/{self.gateway}"

    def check(self) -> Address:
        """The broker's address; raises ConfigError with every fault."""
        faults = [
            Fault(name, f"{value!r} cannot be a level of a topic", "use a name without / + # and not beginning with $")
            for name, value in (("enterprise", self.enterprise), ("gateway", self.gateway))
            if not TOPIC_LEVEL.match(value)
        ]
        if self.protocol not in PROTOCOLS:
            faults.append(Fault("protocol", f"{self.protocol!r} is not a version of MQTT", 'write "5" or "3.1.1"'))
        counts = {name: getattr(self, name) for name in ("window", "buffer", "buffer_bytes", "attempts")}
        times = {name: getattr(self, name) for name in ("resend_after_s", "grace_s")}
        faults += [Fault(name, f"{n} is too few", "give at least 1") for name, n in counts.items() if n < 1]
        faults += [Fault(name, f"{s} s is too short", "give more than 0") for name, s in times.items() if not s > 0]
        try:
            address = Address.parse(self.url)
        except ConfigError as error:
            raise ConfigError([*error.faults, *faults]) from error
        if faults:
            raise ConfigError(faults)
        return address

    def trust(self) -> ssl.SSLContext:
        """What TLS trusts; raises ConfigError where `ca_file` cannot be read."""
        try:
            return ssl.create_default_context(cafile=self.login.ca_file or None)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                [Fault("ca_file", f"{self.login.ca_file!r} cannot be read: {error}", "name a PEM file")]
            ) from error


def _not_an_address(url: str, why: str = "") -> Fault:
    shown = re.sub(r"//[^/@]*@", "//…@", url)
    return Fault("url", f"{shown!r} is not a broker's address{why}", "write mqtt://host:1883 or mqtts://host:8883")
