"""Intake has no settings of its own."""

from services.common.runtime.settings import Settings

__all__ = ["Settings"]
