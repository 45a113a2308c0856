"""A YAML file whose faults are told with their line."""

from collections.abc import Iterator
from pathlib import Path as File
from typing import Any, Final, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from services.common.catalogue.models import Fault, Path

M = TypeVar("M", bound=BaseModel)

MAX_FAULTS: Final = 50
"""Faults of one file that are told: a file of another kind has one in every line."""


MAX_BYTES: Final = 1024 * 1024
"""Of a file: that of all subjects has 30 KiB."""


class FileFault(NamedTuple):
    """`line` counts from 1."""

    file: File
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class FaultyCatalogue(ValueError):
    """Raised with everything that is wrong with a catalogue."""

    def __init__(self, *faults: FileFault) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def read_text(file: File) -> str:
    """The text of a file of the catalogue. Raises `FaultyCatalogue`."""
    if file.exists() and not file.is_file():
        raise FaultyCatalogue(FileFault(file, 1, "is no file"))
    try:
        if file.stat().st_size > MAX_BYTES:
            raise FaultyCatalogue(FileFault(file, 1, f"is larger than {MAX_BYTES // 1024} KiB"))
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise FaultyCatalogue(FileFault(file, 1, f"cannot be read: {error.strerror}")) from None
    except UnicodeDecodeError:
        raise FaultyCatalogue(FileFault(file, 1, "is no text in UTF-8")) from None


class _Loader(yaml.SafeLoader):
    """Days stay texts: the model reads them, and says where one does not exist. Aliases are refused: a few lines with them can stand for
    more than any memory.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "an alias (*) is not allowed", self.get_mark())
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class YamlFile:
    """Raises `FaultyCatalogue` for a file that cannot be read, is no YAML, or names a key twice."""

    def __init__(self, file: File, text: str | None = None) -> None:
        self.file = file
        text = read_text(file) if text is None else text
        try:
            self._root = yaml.compose(text, _Loader)
            self.content: Any = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
        except yaml.YAMLError as error:
            raise FaultyCatalogue(FileFault(file, _line_of(error), "is no YAML: " + _problem_of(error))) from None
        except ValueError as error:
            raise FaultyCatalogue(FileFault(file, 1, f"has a value that is none: {error}")) from None
        except RecursionError:
            raise FaultyCatalogue(FileFault(file, 1, "is nested too deeply")) from None
        if twice := list(_keys_twice(self._root)):
            raise FaultyCatalogue(*(FileFault(file, line, f"{key} appears twice") for key, line in twice))

    def parse(self, model: type[M]) -> M:
        """The content as `model`. Raises `FaultyCatalogue`."""
        try:
            return model.model_validate(self.content)
        except ValidationError as error:
            faults = [
                Fault(each["loc"], f"{'.'.join(map(str, each['loc']))}: {each['msg']}") for each in error.errors()
            ]
            raise self.faulty(faults[:MAX_FAULTS]) from None

    def faulty(self, faults: list[Fault]) -> FaultyCatalogue:
        """The error of these faults, in the order of their lines."""
        return FaultyCatalogue(
            *sorted((FileFault(self.file, self.line(each.path), each.text) for each in faults), key=lambda it: it.line)
        )

    def line(self, path: Path) -> int:
        """The line of what `path` leads to; of the last part of it that exists."""
        node, line = self._root, 1
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def _keys_twice(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """YAML forbids a key that appears twice; the library keeps the last one silently."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _keys_twice(value)
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _keys_twice(value)


def _line_of(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return 1 if mark is None else int(mark.line) + 1


def _problem_of(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or "it cannot be parsed")
