"""Within `v1` contracts only grow: what a newer schema takes back of an older one."""

from collections.abc import Iterator
from typing import Final

from deploy.contracts.schemas import Schema

_TOLD: Final = frozenset({"title", "description", "default", "examples", "$defs", "properties", "required"})
"""Keywords that explain, or that are compared on their own."""

OPEN: Final = "x-extensible-enum"


def breaks(old: Schema, new: Schema) -> list[str]:
    """What readers or writers of `old` would trip over in `new`, a line each; empty when `new` only adds."""
    return list(_breaks(old, new, old, new, ""))


def _breaks(old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    fields = old.get("properties", {})
    for name in fields:
        if name not in new.get("properties", {}):
            yield f"{at}/{name} is gone"
        else:
            yield from _breaks(fields[name], new["properties"][name], old_root, new_root, f"{at}/{name}")
    needed, was_needed = set(new.get("required", ())), set(old.get("required", ()))
    yield from (f"{at}/{name} became required" for name in sorted(needed - was_needed))
    yield from (f"{at}/{name} may be absent" for name in sorted((was_needed - needed) & set(new.get("properties", {}))))
    yield from (f"{at or '/'} lost {value}" for value in old.get(OPEN, ()) if value not in new.get(OPEN, ()))
    for word in sorted((set(old) | set(new)) - _TOLD - {OPEN}):
        yield from _differs(word, old, new, old_root, new_root, at)


def _differs(word: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str) -> Iterator[str]:
    """A keyword that constrains the value: the schemas in it may grow, anything else must stay as it is."""
    before, after = old.get(word), new.get(word)
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _breaks(before, after, old_root, new_root, at)
    elif word in {"anyOf", "allOf", "oneOf"} and before and after and len(before) == len(after):
        for each, other in zip(before, after, strict=True):
            yield from _breaks(each, other, old_root, new_root, at)
    elif before != after:
        yield f"{at or '/'} changed {word}: {before} -> {after}"


def _resolved(schema: Schema, root: Schema) -> Schema:
    name = schema.get("$ref")
    if name is None:
        return schema
    target: Schema = root["$defs"][name.removeprefix("#/$defs/")]
    return target | {word: value for word, value in schema.items() if word != "$ref"}
