"""Intake's aggregate without a store of closed days."""

from datetime import datetime

from services.common.legal_clock import Calendar
from services.intake.handlers import requests_by


class PublicHolidays:
    """The calendars of departments that have no closed days."""

    def at(self, moment: datetime) -> Calendar:
        return Calendar.of_public_holidays()


requests = requests_by(PublicHolidays())
