"""Intake's domain. Pure: working days, the state machine, the request, and the acts of the person who filed it."""

from services.intake.domain.request import LAPSE
from services.intake.domain.state import Request
from services.intake.domain.transitions import TRANSITIONS, Move

__all__ = ["LAPSE", "TRANSITIONS", "Move", "Request"]
