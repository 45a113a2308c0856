"""Every text that a body of the API or a line of an import takes is cleaned by its type, so that no field forgets it."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, BeforeValidator

from gateway.accounts.domain import NewAccount
from services.common.text import validators
from tests.unit.gateway.test_routes import applications

NOT_CLEANED = {
    # Compared in every Unicode form, but otherwise as it was typed.
    ("Credentials", "password"),
    ("NewAccount", "password"),
    # `parse_email_address` cleans it.
    ("NewAccount", "email"),
}


def bodies() -> list[type[BaseModel]]:
    """The models of all bodies of the public API, and of a line of an import."""
    contexts = [each.original_route for each in iter_route_contexts(applications().public.routes)]
    declared = [
        each.body_field.field_info.annotation for each in contexts if isinstance(each, APIRoute) and each.body_field
    ]
    parts = [part for each in declared for part in (each, *get_args(each))]
    return [NewAccount, *(each for each in parts if isinstance(each, type) and issubclass(each, BaseModel))]


def annotations(part: Any) -> Iterator[Any]:
    """A type, all types in it, and what they are annotated with."""
    yield part
    for each in get_args(part):
        yield from annotations(each)


@pytest.mark.parametrize("body", bodies(), ids=lambda body: body.__name__)
def test_every_text_of_a_body_is_cleaned_by_its_type(body: type[BaseModel]) -> None:
    for name, field in body.model_fields.items():
        parts = [*annotations(field.annotation), *field.metadata]
        if str in parts and (body.__name__, name) not in NOT_CLEANED:
            before = [each.func for each in parts if isinstance(each, BeforeValidator)]
            assert any(each.__module__ == validators.__name__ for each in before), name


def test_the_bodies_with_text_are_found() -> None:
    assert {"NewAccount", "Credentials", "NewRequest", "NewMessage"} <= {each.__name__ for each in bodies()}
