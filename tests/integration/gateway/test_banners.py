"""`postigo banner` on a running stack: what an operator sets is seen by people on every replica, and ends."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2
import pytest
import pytest_asyncio

from deploy.operator.banners import (
    CLEAR,
    LIST,
    SET,
    banner_of,
    clear_banner,
    find_banner,
    list_banners,
    plan_banner,
    set_banner,
)
from deploy.operator.identity import system_user
from deploy.operator.session import open_session
from deploy.operator.target import local_target
from services.common.contracts.banners import NewBanner
from tests.integration.gateway.gateway_environment import TESTER, GatewayEnvironment
from tests.support.waiting import eventually

SEEN_WITHIN: Final = 10.0
"""Seconds, on every replica: what the command promises."""

YES: Final = ("--yes", "--reason", "Ordem 12")
TEXTS: Final = ("--pt", "Manutenção às 22:00.", "--en", "Maintenance at 22:00.")
MAINTENANCE: Final = banner_of(TEXTS[1], TEXTS[3], None, None)
PT, EN = {"Accept-Language": "pt"}, {"Accept-Language": "en"}


async def texts(http: httpx2.AsyncClient, path: str = "/v1/banners", **headers: str) -> list[str]:
    answer = await http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return [each["text"] for each in answer.json()["banners"]]


async def shows(clients: Sequence[httpx2.AsyncClient], expected: list[str], path: str = "/v1/banners") -> None:
    """Wait until all replicas show these texts in English."""

    async def all_show() -> bool:
        return [await texts(each, path, **EN) for each in clients] == [expected] * len(clients)

    await eventually(all_show, within=SEEN_WITHIN, every=0.2)


async def set_in_process(gateway: GatewayEnvironment, *given: NewBanner) -> None:
    """Set banners as the command does, within this process: a command of its own takes seconds."""
    async with open_session(local_target(gateway.stack.env, gateway.stack.home)) as session:
        for each in given:
            await set_banner(session, TESTER, each)


async def clear_all(gateway: GatewayEnvironment) -> None:
    async with open_session(local_target(gateway.stack.env, gateway.stack.home)) as session:
        for each in await list_banners(session):
            await clear_banner(session, TESTER, each)


@pytest_asyncio.fixture(loop_scope="session")
async def no_banners(gateway: GatewayEnvironment) -> AsyncIterator[None]:
    """The test begins and ends without banners. A replica shows those of an earlier test for a few seconds more."""
    await clear_all(gateway)
    await shows([gateway.http], [], "/v1/banners?subject=FAM-01")
    yield
    await clear_all(gateway)


async def refusal(gateway: GatewayEnvironment, *arguments: str) -> str:
    """The one sentence of a refused command."""
    status, printed, errors = await gateway.run("banner", *arguments)
    assert (status, printed, errors.count("\n")) == (1, "", 1)
    return errors.removeprefix("postigo: ")


@pytest.mark.usefixtures("no_banners")
async def test_a_banner_is_seen_on_every_replica_until_it_is_cleared(gateway: GatewayEnvironment) -> None:
    async with gateway.replica("gateway-banner") as other:
        planned = await gateway.run("banner", "set", *TEXTS)
        assert planned[0] == 0
        assert planned[1].startswith("The banner for everybody would be set, until it is cleared:\n")
        assert planned[1].endswith("Nothing was done: this was a dry run. Add --yes --reason WHY to do it.\n")
        assert await texts(gateway.http) == []

        status, printed, errors = await gateway.run("banner", "set", *TEXTS, *YES)
        assert (status, errors) == (0, "")
        assert printed.endswith("All pages show it within ten seconds.\n")
        await shows([gateway.http, other], ["Maintenance at 22:00."])
        assert await texts(other, **PT) == ["Manutenção às 22:00."]
        listed = await gateway.run("banner", "list")
        rows = [" ".join(line.split()) for line in listed[1].splitlines()]
        assert rows == [
            "For State Text",
            "everybody until it is cleared Manutenção às 22:00.",
            "Maintenance at 22:00.",
        ]

        cleared = await gateway.postigo("banner", "clear", *YES, "--json")
        assert (cleared["done"], cleared["cleared"]["en"]) == (True, "Maintenance at 22:00.")
        await shows([gateway.http, other], [])
    own = (await gateway.operations("set-banner", "clear-banner"))[-2:]
    assert [(each.action, each.reason) for each in own] == [("set-banner", YES[-1]), ("clear-banner", YES[-1])]
    assert {(each.user, each.identity) for each in own} == {(system_user().user, "system-user")}
    assert own[0].terms == {"subject": "everybody", "until": "cleared", "pt": TEXTS[1], "en": TEXTS[3]}


@pytest.mark.usefixtures("no_banners")
async def test_there_is_one_for_everybody_and_one_for_each_subject(gateway: GatewayEnvironment) -> None:
    of_family = [banner_of("Pt.", text, "fam 01", None) for text in ("One.", "Two.")]
    await set_in_process(gateway, MAINTENANCE, *of_family)
    await shows([gateway.http], ["Maintenance at 22:00.", "Two."], "/v1/banners?subject=fam-01")
    await shows([gateway.http], ["Maintenance at 22:00."])
    async with open_session(local_target(gateway.stack.env, gateway.stack.home)) as session:
        await clear_banner(session, TESTER, await find_banner(session, None))
        assert [each.en for each in await list_banners(session)] == ["Two."]
        assert (await plan_banner(session, of_family[0])).replaced == await find_banner(session, "FAM-01")
    await shows([gateway.http], ["Two."], "/v1/banners?subject=FAM-01")


@pytest.mark.usefixtures("no_banners")
async def test_a_banner_ends_by_itself_and_is_then_listed_as_ended(gateway: GatewayEnvironment) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=20)
    await set_in_process(gateway, MAINTENANCE.model_copy(update={"until": until}))
    await shows([gateway.http], ["Maintenance at 22:00."])
    (shown,) = (await gateway.http.get("/v1/banners")).json()["banners"]
    assert datetime.fromisoformat(shown["until"]) == until

    async def ended() -> bool:
        return await texts(gateway.http) == []

    await eventually(ended)
    assert datetime.now(UTC) >= until
    (listed,) = (await gateway.postigo("banner", "list", "--json"))["banners"]
    assert listed["ended"] is True


@pytest.mark.usefixtures("no_banners")
async def test_a_banner_is_kept_over_a_restart_of_the_gateway(gateway: GatewayEnvironment) -> None:
    await set_in_process(gateway, MAINTENANCE)
    await gateway.stack.restart("gateway")
    assert await texts(gateway.http, **EN) == ["Maintenance at 22:00."]


@pytest.mark.usefixtures("no_banners")
async def test_the_last_known_banners_are_shown_while_the_store_is_frozen(gateway: GatewayEnvironment) -> None:
    await set_in_process(gateway, MAINTENANCE)
    await shows([gateway.http], ["Maintenance at 22:00."])
    with gateway.frozen("mongo"):

        async def not_ready() -> bool:
            return (await gateway.internal.get("/health/ready")).status_code == 503

        await eventually(not_ready)
        assert await texts(gateway.http, **EN) == ["Maintenance at 22:00."]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("set", *TEXTS, "--yes"), "Everybody reads it: say with --reason why."),
        (("set", *TEXTS, "--subject", "XXX-01"), "There is no subject 'XXX-01': choose one of "),
        (("set", *TEXTS, "--until", "2020-01-01 10:00"), "2020-01-01 10:00 in Lisbon is in the past"),
        (("clear", "--subject", "FAM-02"), "There is no banner for FAM-02: 'postigo banner list' shows all of them."),
    ],
)
async def test_bad_input_is_refused_in_one_sentence(
    gateway: GatewayEnvironment, arguments: tuple[str, ...], expected: str
) -> None:
    assert (await refusal(gateway, *arguments)).startswith(expected)


async def test_a_missing_language_is_named(gateway: GatewayEnvironment) -> None:
    status, _, errors = await gateway.run("banner", "set", "--pt", "Fechado.")
    assert (status, "--en" in errors) == (2, True)


@pytest.mark.parametrize("path", [SET, LIST, CLEAR])
async def test_a_call_without_a_signature_is_refused(gateway: GatewayEnvironment, path: str) -> None:
    assert (await gateway.internal.post(path, json={})).status_code == 403


@pytest.mark.usefixtures("no_banners")
async def test_banners_need_no_session_and_an_unknown_subject_is_refused(gateway: GatewayEnvironment) -> None:
    answer = await gateway.http.get("/v1/banners?subject=FAM-01", headers=EN)
    assert (answer.status_code, answer.json()) == (200, {"banners": []})
    assert answer.headers["cache-control"] == "public, max-age=3"
    assert (await gateway.http.get("/v1/banners", headers={"If-None-Match": answer.headers["etag"]})).status_code == 304
    refused: Any = await gateway.http.get("/v1/banners?subject=XXX-01", headers=EN)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_subject")
