"""Routing's domain: assignments, commands and rejections. Pure."""

from services.routing.domain.assignment import Assignment, assign, close, update, update_for_file, update_for_message
from services.routing.domain.commands import forward_command, reject, relay_rejection
from services.routing.domain.rejections import answer_poison

__all__ = [
    "Assignment",
    "answer_poison",
    "assign",
    "close",
    "forward_command",
    "reject",
    "relay_rejection",
    "update",
    "update_for_file",
    "update_for_message",
]
