"""Intake's domain. Pure: the table of moves, the request, its terms, acts of persons, commands of departments, and timers."""

from services.intake.domain.state import Request
from services.intake.domain.terms import Terms
from services.intake.domain.transitions import TRANSITIONS, Actor, Move, Rule

__all__ = ["TRANSITIONS", "Actor", "Move", "Request", "Rule", "Terms"]
