"""Banners, by signed calls to the gateway: it alone owns them."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from deploy.operator.audit import Actor
from deploy.operator.errors import OperatorError
from deploy.operator.internal_calls import call
from deploy.operator.session import OperatorSession
from deploy.operator.subjects import require_subject
from services.common.contracts.banners import (
    Banner,
    BannerClearing,
    BannerSetting,
    ClearedBanner,
    NewBanner,
    SetBanner,
    StoredBanners,
)
from services.common.contracts.limits import MAX_BANNER
from services.common.legal_clock import moments_of
from services.common.text import one_line

SET_ACTION: Final = "set-banner"
CLEAR_ACTION: Final = "clear-banner"

SET: Final = "/internal/banners/set"
LIST: Final = "/internal/banners/list"
CLEAR: Final = "/internal/banners/clear"

LONGEST: Final = timedelta(days=366)
"""How far ahead a banner may end: a later end is a mistyped year."""

EVERYBODY: Final = "everybody"

_CLOCK: Final = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}")


def banner_of(pt: str, en: str, subject: str | None, until: datetime | None) -> NewBanner:
    """The banner with these texts. Raises OperatorError."""
    code = None if subject is None else require_subject(subject)
    try:
        return NewBanner(pt=pt, en=en, subject=code, until=until)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise OperatorError(_what_is_wrong(first, {"pt": pt, "en": en})) from None


def _what_is_wrong(error: ErrorDetails, texts: dict[str, str]) -> str:
    language = str(error["loc"][0])
    if error["type"].endswith("too_long"):
        length = len(one_line(texts[language]))
        return f"--{language} has {length} characters, and a banner has at most {MAX_BANNER}: shorten it."
    if error["type"] == "value_error":
        return f"--{language} has a character that cannot be stored: type it again."
    return f"--{language} has no words: write the text in both languages, with --pt and --en."


def parse_until(typed: str, now: datetime) -> datetime:
    """When a banner ends, from the time of the clock in Lisbon. Raises OperatorError.

    Of a time that the clocks show twice, at the end of summer time, it is the later one.
    """
    text = typed.strip()
    try:
        clock = datetime.fromisoformat(text) if _CLOCK.fullmatch(text) else None
    except ValueError:
        clock = None
    if clock is None:
        raise OperatorError(f"'{typed}' is no day and time in Lisbon: write it like \"{now:%Y}-12-24 18:00\".")
    moments = moments_of(clock)
    if not moments:
        later = clock + timedelta(hours=1)
        raise OperatorError(
            f"{text} does not exist in Lisbon: summer time begins in this hour. Choose {later:%H:%M} or later."
        )
    return _ahead(moments[-1], text, now)


def _ahead(moment: datetime, typed: str, now: datetime) -> datetime:
    if moment <= now:
        raise OperatorError(f"{typed} in Lisbon is in the past: choose a later time, or leave --until out.")
    if moment - now > LONGEST:
        raise OperatorError(f"{typed} is more than a year away: check the year, or leave --until out.")
    return moment


async def plan_banner(session: OperatorSession, banner: NewBanner) -> SetBanner:
    """What would be set, and what it would replace. Raises OperatorError."""
    return await call(session, "gateway", SET, BannerSetting(banner=banner, do=False), SetBanner)


async def set_banner(session: OperatorSession, actor: Actor, banner: NewBanner) -> SetBanner:
    """Set the banner. All replicas of the gateway show it within ten seconds. Raises OperatorError."""
    terms = {"subject": named(banner.subject), "until": _until(banner.until), "pt": banner.pt, "en": banner.en}
    async with session.operation(actor, SET_ACTION, 1, terms) as audit:
        done = await call(session, "gateway", SET, BannerSetting(banner=banner, do=True), SetBanner)
        audit.counts["set"] = 1
    return done


async def list_banners(session: OperatorSession) -> Sequence[Banner]:
    """All stored banners, ended ones too. Raises OperatorError."""
    return (await call(session, "gateway", LIST, None, StoredBanners)).banners


async def find_banner(session: OperatorSession, subject: str | None) -> Banner:
    """The banner for everybody (None) or of the subject. Raises OperatorError if there is none."""
    code = None if subject is None else require_subject(subject)
    found = next((each for each in await list_banners(session) if each.subject == code), None)
    if found is None:
        raise _no_banner(code)
    return found


async def clear_banner(session: OperatorSession, actor: Actor, banner: Banner) -> Banner:
    """End the banner. All replicas of the gateway stop showing it within ten seconds. Raises OperatorError."""
    terms = {"subject": named(banner.subject), "pt": banner.pt, "en": banner.en}
    async with session.operation(actor, CLEAR_ACTION, 1, terms) as audit:
        cleared = await call(session, "gateway", CLEAR, BannerClearing(subject=banner.subject), ClearedBanner)
        if cleared.banner is None:
            raise _no_banner(banner.subject)
        audit.counts["cleared"] = 1
    return cleared.banner


def named(subject: str | None) -> str:
    return subject or EVERYBODY


def _until(moment: datetime | None) -> str:
    return "cleared" if moment is None else moment.astimezone(UTC).isoformat()


def _no_banner(subject: str | None) -> OperatorError:
    return OperatorError(f"There is no banner for {named(subject)}: 'postigo banner list' shows all of them.")
