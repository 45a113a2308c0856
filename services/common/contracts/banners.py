"""The bodies of the internal calls about banners: what operators tell people, by `postigo banner`."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, StringConstraints
from pydantic_core import PydanticCustomError

from services.common.contracts.base import Code, Text, Value
from services.common.contracts.limits import MAX_BANNER
from services.common.text import is_blank, one_line
from services.common.text.validators import cleaned


def _visible(text: str) -> str:
    if is_blank(text):
        raise PydanticCustomError("postigo", "{code}", {"code": "blank"})
    return text


BannerText = Annotated[
    Text, StringConstraints(min_length=1, max_length=MAX_BANNER), AfterValidator(_visible), cleaned(one_line)
]
"""Plain text on one line."""


class NewBanner(Value):
    """A banner to set. `subject`: None for everybody. `until`: when it ends by itself; None: when it is cleared."""

    pt: BannerText
    en: BannerText
    subject: Code | None = None
    until: AwareDatetime | None = None


class Banner(NewBanner):
    """A banner as the gateway stores it."""

    set_at: datetime

    def has_ended(self, now: datetime) -> bool:
        return self.until is not None and self.until <= now


class BannerSetting(Value):
    """The body of `POST /internal/banners/set`. `do`: False only says what would be replaced."""

    banner: NewBanner
    do: bool


class SetBanner(Value):
    """The banner that was set, or would be. `replaced`: the one that was there."""

    banner: Banner
    replaced: Banner | None


class BannerClearing(Value):
    """The body of `POST /internal/banners/clear`. `subject`: None for the banner for everybody."""

    subject: Code | None = None


class ClearedBanner(Value):
    """The banner that was cleared; None if there is no such banner."""

    banner: Banner | None


class StoredBanners(Value):
    """All stored banners, ended ones too: that for everybody first, the others by subject."""

    banners: tuple[Banner, ...]
