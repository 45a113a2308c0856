"""Routing's domain: assignments, commands and rejections. Pure."""

from services.routing.domain.assignment import (
    assign,
    remind,
    route,
    transfer,
    update,
    update_for_file,
    update_for_message,
)
from services.routing.domain.commands import forward_command, reject, relay_rejection
from services.routing.domain.rejections import answer_poison
from services.routing.domain.state import Assignment

__all__ = [
    "Assignment",
    "answer_poison",
    "assign",
    "forward_command",
    "reject",
    "relay_rejection",
    "remind",
    "route",
    "transfer",
    "update",
    "update_for_file",
    "update_for_message",
]
