"""Who caused what happened to a request: its author, a department, a register, or Postigo itself."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from gateway.requests.view import TimelineFact
from services.common.http.languages import Words


class Actor(StrEnum):
    AUTHOR = "author"
    DEPARTMENT = "department"
    REGISTER = "register"
    SERVICE = "service"
    """Postigo, by the calendar, a check, or a rule."""


ACTOR_NAMES: Final[Mapping[Actor, Words]] = {
    Actor.AUTHOR: Words("Quem fez o pedido", "The author of the request"),
    Actor.DEPARTMENT: Words("O departamento", "The department"),
    Actor.REGISTER: Words("O registo civil", "The civil register"),
    Actor.SERVICE: Words("Postigo, automaticamente", "Postigo, automatically"),
}
"""A department has its own name where the fact says which it is."""

_ACTORS: Final[Mapping[str, Actor]] = {
    "request.submitted": Actor.AUTHOR,
    "request.message-added": Actor.AUTHOR,
    "request.reopened": Actor.AUTHOR,
    "request.withdrawn": Actor.AUTHOR,
    "request.rated": Actor.AUTHOR,
    "request.in-analysis": Actor.DEPARTMENT,
    "request.documents-requested": Actor.DEPARTMENT,
    "request.hearing-opened": Actor.DEPARTMENT,
    "request.forwarded": Actor.DEPARTMENT,
    "request.extended": Actor.DEPARTMENT,
    "request.answered": Actor.DEPARTMENT,
    "request.rejected": Actor.DEPARTMENT,
    "request.concluded": Actor.DEPARTMENT,
}
"""By fact type. Postigo itself causes all others."""


def actor_of(fact: TimelineFact) -> Actor:
    return Actor.SERVICE if fact.lapsed else _ACTORS.get(fact.type, Actor.SERVICE)


def acting_department(fact: TimelineFact) -> str | None:
    """The code of the department that acted: the one that passed the request on, not the one that has it now."""
    return fact.from_department or fact.department
