"""The published contracts equal the models, and only grow."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from deploy.contracts import files
from deploy.contracts.additive import incompatible_changes
from deploy.contracts.schemas import models
from services.common.contracts import declared

OLD: dict[str, Any] = {
    "properties": {
        "text": {"type": "string", "maxLength": 4000},
        "state": {"$ref": "#/$defs/State"},
        "command": {"anyOf": [{"$ref": "#/$defs/Command"}, {"type": "null"}]},
        "language": {"enum": ["pt", "en"], "type": "string"},
    },
    "required": ["text", "state"],
    "$defs": {
        "State": {"type": "string", "x-extensible-enum": ["open", "unknown"]},
        "Command": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
    },
}


def test_the_published_contracts_equal_the_models() -> None:
    assert files.differing() == [], "run 'make contracts'"


def test_no_two_events_share_a_schema() -> None:
    declared_models = {model for family in declared().values() for model in family.values()}
    assert set(models().values()) == declared_models


def test_no_published_contract_changes_incompatibly() -> None:
    assert files.incompatible_changes() == []


def test_generating_twice_gives_the_same_bytes() -> None:
    assert files.generated() == files.generated()


def grown(*path: str, **changes: Any) -> dict[str, Any]:
    """OLD with `changes` to the node at `path`; None removes a keyword."""
    new = copy.deepcopy(OLD)
    node = new
    for step in path:
        node = node[step]
    for keyword, value in changes.items():
        if value is None:
            del node[keyword]
        else:
            node[keyword] = value
    return new


@pytest.mark.parametrize(
    "new",
    [
        grown("properties", note={"type": "string"}),
        grown("properties", "text", description="What the person writes."),
        grown("$defs", "State", **{"x-extensible-enum": ["open", "shut", "unknown"]}),
        grown("$defs", "Command", "properties", offset={"type": "integer"}),
    ],
    ids=["an optional field", "an explanation", "a value of an open enum", "a field within a field"],
)
def test_a_contract_may_grow(new: dict[str, Any]) -> None:
    assert incompatible_changes(OLD, new) == []


@pytest.mark.parametrize(
    ("new", "problems"),
    [
        (grown("properties", text=None), ["/text was removed"]),
        (grown(required=["text", "state", "language"]), ["/language became required"]),
        (grown(required=["text"]), ["/state became optional"]),
        (grown("properties", "text", type="integer"), ["/text changed type: string -> integer"]),
        (grown("properties", "text", maxLength=500), ["/text changed maxLength: 4000 -> 500"]),
        (grown("properties", "language", enum=["pt"]), ["/language changed enum: ['pt', 'en'] -> ['pt']"]),
        (grown("$defs", "State", **{"x-extensible-enum": ["unknown"]}), ["/state lost open"]),
        (grown("$defs", "Command", "properties", id=None), ["/command/id was removed"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_incompatible_change_is_named(new: dict[str, Any], problems: list[str]) -> None:
    assert incompatible_changes(OLD, new) == problems


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A copy of the published contracts."""
    return Path(shutil.copytree(files.FOLDER, tmp_path / "contracts"))


def test_a_file_changed_by_hand_is_named_and_corrected(published: Path) -> None:
    schema = published / "schemas" / "pt.postigo.request.submitted.v1.json"
    schema.write_text(schema.read_text(encoding="utf-8").replace("A person filed", "Somebody filed"), encoding="utf-8")
    assert files.differing(published) == ["schemas/pt.postigo.request.submitted.v1.json"]
    assert files.write(published) == ["schemas/pt.postigo.request.submitted.v1.json"]
    assert files.differing(published) == []


def test_a_field_missing_from_the_models_is_named(published: Path) -> None:
    schema = published / "schemas" / "pt.postigo.request.submitted.v1.json"
    document = json.loads(schema.read_text(encoding="utf-8"))
    document["properties"]["colour"] = {"type": "string"}
    schema.write_text(json.dumps(document), encoding="utf-8")
    assert files.incompatible_changes(published) == [
        "schemas/pt.postigo.request.submitted.v1.json: /colour was removed"
    ]


def test_an_event_missing_from_the_models_is_named(published: Path) -> None:
    (published / "schemas" / "pt.postigo.request.sung.v1.json").write_text("{}", encoding="utf-8")
    assert files.incompatible_changes(published) == ["schemas/pt.postigo.request.sung.v1.json: the event was removed"]
