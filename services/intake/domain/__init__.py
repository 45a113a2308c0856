"""Intake's pure part: the legal clock, the table of moves, and the request."""

from services.intake.domain.request import LAPSE, Request
from services.intake.domain.transitions import TRANSITIONS, Move

__all__ = ["LAPSE", "TRANSITIONS", "Move", "Request"]
