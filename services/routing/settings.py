"""Routing needs no more than every process does."""

from services.common.settings import Settings

__all__ = ["Settings"]
