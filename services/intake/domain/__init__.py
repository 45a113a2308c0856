"""Intake's pure part: the legal clock, the table of moves, the request, and what its author does about it."""

from services.intake.domain.request import LAPSE
from services.intake.domain.state import Request
from services.intake.domain.transitions import TRANSITIONS, Move

__all__ = ["LAPSE", "TRANSITIONS", "Move", "Request"]
