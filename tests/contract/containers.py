"""Reads `docker-compose.yml` and the `Dockerfile` without a container engine."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]

_STAGE = re.compile(r"^FROM (\S+) AS (\S+)$", re.MULTILINE)
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<rest>(?:[^${}]|\$\{[^}]*\})*))?\}")


@dataclass(frozen=True)
class Stage:
    """A stage of the Dockerfile: its base and its instructions."""

    base: str
    text: str

    @property
    def command(self) -> list[str]:
        found = re.search(r"^CMD (\[.*\])$", self.text, re.MULTILINE)
        assert found is not None
        command: list[str] = json.loads(found[1])
        return command

    @property
    def copies(self) -> list[tuple[str, str]]:
        """Source and target of each copy from the repository."""
        return [(source, target) for source, target in re.findall(r"^COPY (?!--)(\S+) (\S+)$", self.text, re.MULTILINE)]


def stages() -> dict[str, Stage]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    pieces = _STAGE.split(text)[1:]
    return {name: Stage(base, body) for base, name, body in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True)}


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def filled_in(value: Any, variables: dict[str, str]) -> str:
    """`value` as Compose interpolates it. Raises `KeyError` for a required variable that is not set."""

    def replacement(match: re.Match[str]) -> str:
        if match["kind"] == "-":
            return variables.get(match["name"]) or filled_in(match["rest"], variables)
        return variables[match["name"]]

    return _VARIABLE.sub(replacement, str(value))


def required_variables(text: str) -> set[str]:
    """Variables without which Compose refuses to start."""
    return {match["name"] for match in _VARIABLE.finditer(text) if match["kind"] == "?"}


def declared_variables(text: str) -> dict[str, str]:
    """The variables of an `.env` file, without those in comments."""
    lines = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in lines}
