"""Intake needs no more than every process does."""

from services.common.runtime.settings import Settings

__all__ = ["Settings"]
