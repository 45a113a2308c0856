"""Which banners are in force. Pure: no input or output."""

from collections.abc import Sequence
from datetime import datetime

from services.common.catalogue import Language
from services.common.contracts.banners import Banner


def in_force(banners: Sequence[Banner], subject: str | None, now: datetime) -> Sequence[Banner]:
    """That for everybody first, then that of the subject. None for `subject`: only the first."""
    current = {each.subject: each for each in banners if not each.has_ended(now)}
    return [current[each] for each in dict.fromkeys((None, subject)) if each in current]


def text_in(banner: Banner, language: Language) -> str:
    """The text of the banner in this language."""
    return banner.en if language == "en" else banner.pt
