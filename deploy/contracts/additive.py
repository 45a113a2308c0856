"""Compares two versions of a schema. Within `v1`, a newer version may only add to an older one."""

from collections.abc import Iterator
from typing import Final

from deploy.contracts.schemas import Schema

_NOT_CONSTRAINTS: Final = frozenset({"title", "description", "default", "examples", "$defs", "properties", "required"})
"""Keywords that only describe, or that `_changes` compares itself."""

EXTENSIBLE_ENUM: Final = "x-extensible-enum"


def incompatible_changes(old: Schema, new: Schema) -> list[str]:
    """The changes in `new` that break consumers or producers of `old`, a line each; empty when `new` only adds."""
    return list(_changes(old, new, old, new, ""))


def _changes(old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str) -> Iterator[str]:
    old, new = _resolve(old, old_root), _resolve(new, new_root)
    old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
    for name in old_fields:
        if name not in new_fields:
            yield f"{at}/{name} was removed"
        else:
            yield from _changes(old_fields[name], new_fields[name], old_root, new_root, f"{at}/{name}")
    required, was_required = set(new.get("required", ())), set(old.get("required", ()))
    yield from (f"{at}/{name} became required" for name in sorted(required - was_required))
    yield from (f"{at}/{name} became optional" for name in sorted((was_required - required) & set(new_fields)))
    values, old_values = new.get(EXTENSIBLE_ENUM, ()), old.get(EXTENSIBLE_ENUM, ())
    yield from (f"{at or '/'} lost {value}" for value in old_values if value not in values)
    for keyword in sorted((set(old) | set(new)) - _NOT_CONSTRAINTS - {EXTENSIBLE_ENUM}):
        yield from _constraint_changes(keyword, old, new, old_root, new_root, at)


def _constraint_changes(
    keyword: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str
) -> Iterator[str]:
    """A keyword that constrains the value may not change. The schemas inside it may grow."""
    before, after = old.get(keyword), new.get(keyword)
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _changes(before, after, old_root, new_root, at)
    elif keyword in {"anyOf", "allOf", "oneOf"} and before and after and len(before) == len(after):
        for each, other in zip(before, after, strict=True):
            yield from _changes(each, other, old_root, new_root, at)
    elif before != after:
        yield f"{at or '/'} changed {keyword}: {before} -> {after}"


def _resolve(schema: Schema, root: Schema) -> Schema:
    name = schema.get("$ref")
    if name is None:
        return schema
    target: Schema = root["$defs"][name.removeprefix("#/$defs/")]
    return target | {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
