"""`postigo banner`: tell people something on all pages, or on those about one subject."""

from datetime import UTC, datetime

from deploy.cli.invocation import Invocation
from deploy.cli.printing import console, escape, print_json, table
from deploy.local.hints import typed
from deploy.operator.banners import (
    banner_of,
    clear_banner,
    find_banner,
    list_banners,
    named,
    parse_until,
    plan_banner,
    set_banner,
)
from deploy.operator.session import OperatorSession
from services.common.contracts.banners import Banner, NewBanner, SetBanner
from services.common.legal_clock import LISBON

_WHY = "Everybody reads it"


def set_new(invocation: Invocation, pt: str, en: str, subject: str | None, until: str | None) -> None:
    invocation.require_reason(_WHY)
    moment = None if until is None else parse_until(until, datetime.now(UTC))
    banner = banner_of(pt, en, subject, moment)
    done = invocation.with_session(lambda session: _set(session, invocation, banner))
    if invocation.as_json:
        replaced = done.replaced.model_dump(mode="json") if done.replaced else None
        print_json({"set": done.banner.model_dump(mode="json"), "replaced": replaced, "done": invocation.do})
        return
    _print_set(invocation, done)


async def _set(session: OperatorSession, invocation: Invocation, banner: NewBanner) -> SetBanner:
    if not invocation.do:
        return await plan_banner(session, banner)
    return await set_banner(session, await invocation.actor(session), banner)


def _print_set(invocation: Invocation, done: SetBanner) -> None:
    screen, banner = console(), done.banner
    verb = "is" if invocation.do else "would be"
    screen.print(f"The banner for {named(banner.subject)} {verb} set, {_until(banner)}:")
    _print_texts(banner)
    if done.replaced is not None:
        screen.print(f"\nIt {'replaces' if invocation.do else 'would replace'}:")
        _print_texts(done.replaced)
    screen.print(f"\n{'All pages show it within ten seconds.' if invocation.do else invocation.dry_run}")


def list_all(invocation: Invocation) -> None:
    banners, now = invocation.with_session(list_banners), datetime.now(UTC)
    if invocation.as_json:
        rows = [each.model_dump(mode="json") | {"ended": each.has_ended(now)} for each in banners]
        print_json({"banners": rows})
        return
    screen = console()
    if not banners:
        screen.print(f"There are no banners: set one with '{typed('banner', 'set', '--help')}'.", soft_wrap=True)
        return
    rendered = table("For", "State", "Text")
    for each in banners:
        state = "ended" if each.has_ended(now) else _until(each)
        rendered.add_row(named(each.subject), state, f"{escape(each.pt)}\n{escape(each.en)}")
    screen.print(rendered)


def clear(invocation: Invocation, subject: str | None) -> None:
    invocation.require_reason(_WHY)
    cleared = invocation.with_session(lambda session: _clear(session, invocation, subject))
    if invocation.as_json:
        print_json({"cleared": cleared.model_dump(mode="json"), "done": invocation.do})
        return
    screen = console()
    screen.print(f"The banner for {named(cleared.subject)} {'is' if invocation.do else 'would be'} cleared:")
    _print_texts(cleared)
    screen.print(f"\n{'No page shows it in ten seconds.' if invocation.do else invocation.dry_run}")


async def _clear(session: OperatorSession, invocation: Invocation, subject: str | None) -> Banner:
    found = await find_banner(session, subject)
    if not invocation.do:
        return found
    return await clear_banner(session, await invocation.actor(session), found)


def _print_texts(banner: Banner) -> None:
    for language, text in (("pt", banner.pt), ("en", banner.en)):
        console().print(f"  {language}: {escape(text)}")


def _until(banner: Banner) -> str:
    """Also the zone: the clocks show an hour twice at the end of summer time."""
    if banner.until is None:
        return "until it is cleared"
    return f"until {banner.until.astimezone(LISBON):%Y-%m-%d %H:%M %Z}"
