"""National and regional holidays, from the package `holidays`. It gets corrected, so each computed date names its version."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import holidays

Region = Literal["20", "30"]
"""An autonomous region by its code in ISO 3166-2:PT: 20 the Azores, 30 Madeira."""

HOLIDAYS_VERSION: Final = f"PT/{version('holidays')}"

_LANGUAGES: Final = ("pt_PT", "en_US")


class WhyClosed(NamedTuple):
    """Why a day is no working day, with the name of the day in both languages."""

    because: Literal["weekend", "holiday", "closed"]
    pt: str
    en: str


@lru_cache(maxsize=256)
def public_holidays(year: int, region: Region | None) -> Mapping[date, WhyClosed]:
    """The holidays of the nation and of the region, those on weekends too."""
    portuguese, english = (
        holidays.country_holidays("PT", subdiv=region, years=year, language=language) for language in _LANGUAGES
    )
    return MappingProxyType({day: WhyClosed("holiday", name, english[day]) for day, name in portuguese.items()})
