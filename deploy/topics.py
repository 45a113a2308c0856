"""Read and validate the topics that `topics.yaml` declares."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE = Path(__file__).with_name("topics.yaml")

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,248}")
QUANTITY = re.compile(r"(\d+)\s*([A-Za-z]+)")
UNITS = {
    ".ms": {"s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000},
    ".bytes": {"KiB": 1024, "MiB": 1024 * 1024},
}


class TopicsError(Exception):
    """The declaration is invalid or cannot be applied. The text is one sentence for a person."""


@dataclass(frozen=True)
class Topic:
    """A topic as the broker should have it, with configuration values in the broker's format."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]

    def on_one_node(self) -> "Topic":
        """The same topic for a single broker."""
        return self.with_replicas(1, 1)

    def with_replicas(self, factor: int | None, min_insync: int | None) -> "Topic":
        """The same topic with other replication settings; None keeps a setting."""
        config = self.config if min_insync is None else {**self.config, "min.insync.replicas": str(min_insync)}
        return replace(self, replication_factor=factor or self.replication_factor, config=config)


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid")


Value = str | int | bool


class _Family(_Declared):
    name: str
    partitions: int | None = Field(default=None, ge=1)
    readers: list[str] = []
    config: dict[str, Value] = {}


class _Defaults(_Declared):
    partitions: int = Field(ge=1)
    replication_factor: int = Field(ge=1)
    config: dict[str, Value]


class _DeadLetters(_Declared):
    partitions: int = Field(ge=1)
    config: dict[str, Value]


class _File(_Declared):
    defaults: _Defaults
    dead_letters: _DeadLetters
    topics: list[_Family] = Field(min_length=1)


def load(file: Path = FILE) -> list[Topic]:
    """All topics that `file` declares, with their dead-letter topics, in the file's order. Raises TopicsError."""
    try:
        return parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TopicsError(f"{file} cannot be read ({error.strerror}).") from error
    except TopicsError as error:
        raise TopicsError(f"{file}: {error}") from error


def parse(text: str) -> list[Topic]:
    """The topics that a YAML text declares. Raises TopicsError."""
    try:
        declared = _File.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise TopicsError(f"it is not YAML ({' '.join(str(error).split())}).") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the top"
        raise TopicsError(f"at {where}: {first['msg']}.") from error
    topics = [topic for family in declared.topics for topic in _expand(family, declared)]
    _require_valid_names(topics)
    return topics


def _expand(family: _Family, declared: _File) -> list[Topic]:
    # Imported here: commands that read no topics start without it.
    from services.common.catalogue import catalogues

    names = [family.name.replace("{code}", code) for code in sorted(catalogues().departments)]
    return [topic for name in dict.fromkeys(names) for topic in _with_dead_letters(name, family, declared)]


def _with_dead_letters(name: str, family: _Family, declared: _File) -> list[Topic]:
    defaults, dead = declared.defaults, declared.dead_letters
    factor = defaults.replication_factor
    config = _broker_format({**defaults.config, **family.config})
    # Dead letters contain the same personal data as the topic, so the topic's retention applies to them.
    dead_config = config | _broker_format(dead.config)
    topic = Topic(name, family.partitions or defaults.partitions, factor, config)
    return [topic] + [Topic(f"{name}.dlq.{reader}", dead.partitions, factor, dead_config) for reader in family.readers]


def _broker_format(config: Mapping[str, Value]) -> dict[str, str]:
    return {key: _value(key, value) for key, value in config.items()}


def _value(key: str, value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    quantity = QUANTITY.fullmatch(str(value))
    units = next((units for ending, units in UNITS.items() if key.endswith(ending)), None)
    if quantity is None or units is None:
        return str(value)
    number, unit = quantity.groups()
    if unit not in units:
        raise TopicsError(f"{key} is {value}, and {unit} is none of {', '.join(units)}.")
    return str(int(number) * units[unit])


def _require_valid_names(topics: Sequence[Topic]) -> None:
    seen: set[str] = set()
    for topic in topics:
        if not NAME.fullmatch(topic.name):
            raise TopicsError(f"{topic.name!r} is not a valid name for a topic.")
        if topic.name in seen:
            raise TopicsError(f"{topic.name} is declared twice.")
        seen.add(topic.name)
