"""Settings from the environment: addresses and secrets, never which stack they belong to."""

import sys
from ipaddress import ip_network
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.common.store import Driver

Secret = Annotated[SecretStr, Field(min_length=32)]
"""At least 32 characters, and no default anywhere."""

Drain = Annotated[float, Field(ge=0, le=60)]
"""Seconds that a process goes on serving after SIGTERM, while readiness is red and load balancers notice."""

Prefix = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]


def _networks(typed: str) -> str:
    for each in filter(None, typed.split(",")):
        ip_network(each.strip())
    return typed


class Settings(BaseSettings):
    """What every process is told. An unknown or missing variable is named when the process starts."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    kafka_url: str
    mongo_url: str
    internal_host: str = "127.0.0.1"
    internal_port: int = 8001
    """The listener of `/health`, `/metrics` and, where there are any, internal calls. Never publish it."""
    mongo_database_prefix: Prefix = "postigo"
    mongo_driver: Driver = "motor"
    """Which client speaks to the store; both are under the same tests."""
    postigo_instance: str = "1"
    """Names this replica among those of its service: a restarted one takes its partitions back at once."""
    postigo_log_level: str = "info"
    postigo_internal_secret: Secret
    """Signs the two internal calls (gateway → documents, notifications → gateway), and seals redriven records."""

    @property
    def internal_secret(self) -> bytes:
        return self.postigo_internal_secret.get_secret_value().encode()


class PublicListener(Settings):
    """What a process is told that people call, through a TLS proxy."""

    http_host: str = "127.0.0.1"
    http_port: int = 8000
    http_drain: Drain = 5.0
    forwarded_allow_ips: Annotated[str, AfterValidator(_networks)] = ""
    """Addresses or networks, separated by commas, of the proxies whose `X-Forwarded-For` counts. Empty by default: a
    forged one would evade the sign-in limit.
    """


S = TypeVar("S", bound=Settings)


def from_environment(kind: type[S]) -> S:
    """What the environment tells. Where it does not, the process ends with 2 and a line for each variable, without its
    value.
    """
    try:
        return kind()
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False, include_context=False):
            # What a validator of ours raised may name the value, which may hold a secret.
            wrong = "not what it should be" if each["type"] == "value_error" else each["msg"]
            print(f"{'_'.join(map(str, each['loc'])).upper()}: {wrong}", file=sys.stderr)
        print("What each variable takes stands in .env.example.", file=sys.stderr)
        raise SystemExit(2) from None
