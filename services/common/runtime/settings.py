"""Settings from environment variables: addresses and secrets. A process does not know which stack it belongs to."""

import sys
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.common.catalogue import FaultyCatalogue, catalogues
from services.common.store import Driver

Secret = Annotated[SecretStr, Field(min_length=32)]
"""At least 32 characters. Secrets have no defaults."""

Drain = Annotated[float, Field(ge=0, le=60)]
"""Seconds that a process goes on serving after SIGTERM, until load balancers notice that it is not ready."""

Prefix = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]


def _networks(value: str) -> str:
    for each in filter(None, value.split(",")):
        ip_network(each.strip())
    return value


class Settings(BaseSettings):
    """The settings of every process. A missing or invalid variable is reported when the process starts."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    kafka_url: str
    mongo_url: str
    internal_host: str = "127.0.0.1"
    internal_port: int = 8001
    """The listener for `/health`, `/metrics` and internal calls. It must not be reachable from outside."""
    catalogue_folder: Path | None = None
    """The folder of the service's own catalogue, which `services.common.catalogue` reads."""
    mongo_database_prefix: Prefix = "postigo"
    mongo_driver: Driver = "motor"
    """The store's client library. Both pass the same tests."""
    postigo_instance: str = "1"
    """Names this replica in its service (static membership): after a restart it gets its partitions back at once."""
    postigo_log_level: str = "info"
    postigo_internal_secret: Secret
    """Signs the internal calls (`services/common/contracts/internal.py`) and redriven records."""

    @property
    def internal_secret(self) -> bytes:
        return self.postigo_internal_secret.get_secret_value().encode()


class PublicListener(Settings):
    """The settings of a process with a public listener, behind a TLS proxy."""

    http_host: str = "127.0.0.1"
    http_port: int = 8000
    http_drain: Drain = 5.0
    forwarded_allow_ips: Annotated[str, AfterValidator(_networks)] = ""
    """Addresses or networks, separated by commas, of the proxies whose `X-Forwarded-For` is trusted. Empty by default: a
    forged header would evade the sign-in limit.
    """


S = TypeVar("S", bound=Settings)


def from_environment(kind: type[S]) -> S:
    """Read the settings, and check the catalogue. If a variable is missing or invalid, print a line for each, without its value,
    and exit with 2.
    """
    try:
        settings = kind()
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False, include_context=False):
            # The message of our own validators may contain the value, which may be a secret.
            text = "the value is invalid" if each["type"] == "value_error" else each["msg"]
            print(f"{'_'.join(map(str, each['loc'])).upper()}: {text}", file=sys.stderr)
        print("Each variable is explained in .env.example.", file=sys.stderr)
        raise SystemExit(2) from None
    require_sound(catalogues)
    return settings


def require_sound(read: Callable[[], object]) -> None:
    """Read a part of the catalogue. If it is faulty, print a line for each fault, and exit with 2."""
    try:
        read()
    except FaultyCatalogue as error:
        print(error, file=sys.stderr)
        print("postigo catalogue check FOLDER checks it without a start.", file=sys.stderr)
        raise SystemExit(2) from None
