"""Find the engines: those of the local stack in a folder, or those of a server that the environment names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError

from deploy.local.hints import typed
from deploy.local.home import Home
from deploy.local.ports import HOST
from deploy.local.table import internal_name
from deploy.operator.errors import OperatorError
from services.common.runtime.settings import Settings

NAMED: Final = ("KAFKA_URL", "MONGO_URL", "POSTIGO_INTERNAL_SECRET")
"""The variables that name a server. They are only valid together."""

_LOCAL: Final = {"KAFKA_URL": "kafka", "MONGO_URL": "mongo"}

Service = Literal["gateway", "intake"]
"""A service that operators' commands call."""

_MODULES: Final[Mapping[Service, str]] = {"gateway": "gateway", "intake": "services.intake"}

LOG_NAME: Final = "operator"


def url_variable(service: Service) -> str:
    """The variable with the address of the service's internal listener."""
    return f"{service.upper()}_URL"


@dataclass(frozen=True)
class Target:
    """`log`: the file for the lines of an operation; None on a server, where they go to standard error.

    `urls`: the internal listeners of services by name; those that the environment of a server does not name are empty.
    """

    settings: Settings
    log: Path | None
    urls: Mapping[Service, str] = field(default_factory=dict)

    @property
    def is_server(self) -> bool:
        return self.log is None


def resolve_target(folder: Path) -> Target:
    """The server that the environment names, otherwise the stack that runs in `folder`. Raises OperatorError."""
    named = [name for name in NAMED if os.environ.get(name)]
    if not named:
        home = Home(folder)
        return local_target(_local(home), home)
    if missing := [name for name in NAMED if name not in named]:
        raise OperatorError(
            f"A server is named by {', '.join(NAMED)} together; missing: {', '.join(missing)}. "
            "Set all three, or none for the stack on this machine."
        )
    return Target(_settings({}), None, _urls(os.environ))


def local_target(variables: Mapping[str, str], home: Home) -> Target:
    """The stack in `home`, with these variables of its processes. Raises OperatorError."""
    return Target(_settings(variables), home.log(LOG_NAME), _urls(variables))


def _urls(variables: Mapping[str, str]) -> dict[Service, str]:
    return {name: variables.get(url_variable(name), "") for name in _MODULES}


def _local(home: Home) -> dict[str, str]:
    if home.owner() is None:
        up = typed("up", home=home.folder)
        raise OperatorError(
            f"Nothing runs in {home.folder}: start it with '{up}', or set {', '.join(NAMED)} for a server."
        )
    urls = {program["name"]: program["url"] for program in home.state().get("programs", ())}
    if missing := [name for name in _LOCAL.values() if name not in urls]:
        raise OperatorError(f"{' and '.join(missing)} does not run in {home.folder} yet: try again in a moment.")
    ports = home.kept_ports()
    listeners = {
        url_variable(name): f"http://{HOST}:{ports[internal_name(name, module)]}" for name, module in _MODULES.items()
    }
    return {variable: urls[name] for variable, name in _LOCAL.items()} | home.secrets() | listeners


def _settings(variables: Mapping[str, str]) -> Settings:
    values: dict[str, Any] = {name.lower(): value for name, value in variables.items()}
    try:
        return Settings(**values)
    except ValidationError as error:
        names = ", ".join(str(each["loc"][0]).upper() for each in error.errors(include_input=False))
        raise OperatorError(f"Invalid settings: {names}. .env.example describes each of them.") from None
