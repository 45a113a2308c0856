"""Coarse places of residence: as much as the legal terms need to know, and no address.

Sources: ISO 3166-1 (countries), ISO 3166-2:PT (districts and autonomous regions), INE (municipalities, DICO), and for Europe
the standard M49 of the United Nations, with Cyprus.
"""

import re
from typing import Annotated, Final

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from services.common.legal_clock.public_holidays import Region
from services.common.text import code
from services.common.text.validators import cleaned

_COUNTRIES: Final = frozenset(
    re.findall(
        r"[A-Z]{2}",
        """
        AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
        CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
        FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
        JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
        MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
        PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
        TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
        """,
    )
)
_EUROPE: Final = frozenset(
    re.findall(
        r"[A-Z]{2}",
        """
        AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK
        MT NL NO PL RO RS RU SE SI SJ SK SM UA VA
        """,
    )
)

_DISTRICTS: Final = frozenset(f"{district:02}" for district in range(1, 19))
_REGIONS: Final[dict[str, Region]] = {
    "20": "20",
    "30": "30",
    **dict.fromkeys(("31", "32"), "30"),
    **dict.fromkeys(("41", "42", "43", "44", "45", "46", "47", "48", "49"), "20"),
}
"""The autonomous region by the first two digits of a place in it: its own code, or INE's of one of its islands."""

_MUNICIPALITIES: Final = {
    area: int(number)
    for area, number in re.findall(
        r"(\d+):(\d+)",
        """
        01:19 02:14 03:14 04:12 05:11 06:17 07:14 08:16 09:14 10:16 11:16 12:15 13:18 14:21 15:13 16:10 17:14 18:24
        31:10 32:1 41:1 42:6 43:2 44:1 45:2 46:3 47:1 48:2 49:1
        """,
    )
}
"""The number of municipalities of each district and island, which INE numbers from 1."""

_IN_PORTUGAL: Final = re.compile(r"PT-([0-9]{2})([0-9]{2})?")

DILATION_ISLANDS: Final = 5
DILATION_EUROPE: Final = 15
DILATION_ELSEWHERE: Final = 30


def _typed_place(text: str) -> str:
    return code(text).upper()


def _known(place: str) -> str:
    if not (place in _COUNTRIES or _is_in_portugal(place)):
        raise PydanticCustomError("postigo", "{code}", {"code": "unknown_place"})
    return place


Place = Annotated[str, AfterValidator(_known), cleaned(_typed_place)]
"""A country (`FR`), a district or region of Portugal (`PT-11`, `PT-20`), or a municipality (`PT-1106`: INE's four digits)."""


def dilation_of(place: str | None) -> int:
    """The working days before a term starts for somebody who lives there (CPA, art. 88, no. 1). None: the mainland."""
    if place is None:
        return 0
    country = place[:2]
    if country == "PT":
        return 0 if region_of(place) is None else DILATION_ISLANDS
    return DILATION_EUROPE if country in _EUROPE else DILATION_ELSEWHERE


def region_of(place: str | None) -> Region | None:
    """The autonomous region of the place, whose holidays count. None: the mainland, or another country."""
    return None if place is None else _REGIONS.get(place[3:5])


def _is_in_portugal(place: str) -> bool:
    match = _IN_PORTUGAL.fullmatch(place)
    if match is None:
        return False
    area, municipality = match[1], match[2]
    if municipality is None:
        return area in _DISTRICTS or area in ("20", "30")
    return 1 <= int(municipality) <= _MUNICIPALITIES.get(area, 0)
