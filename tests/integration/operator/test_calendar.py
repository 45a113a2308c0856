"""`postigo calendar` on a running stack: what operators add counts for requests, without a restart."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx2
import orjson
import pytest

from deploy.operator.calendar import ADD, CALENDAR, REMOVE
from deploy.operator.identity import system_user
from services.common.contracts.lifecycle import RequestRegistered
from services.common.contracts.operations import OperationBegun, OperationEnded
from services.common.domain.identifiers import reference_of
from services.common.legal_clock import Calendar, day_of
from services.intake.calendar import IN_FORCE_AFTER
from tests.integration.operator.command_line_environment import FREE, CommandLineEnvironment, CommandResult
from tests.integration.operator.test_command_line import SERVER, recorded
from tests.support.waiting import eventually

WORKING = Calendar.of_public_holidays().working_days(None, None)
YES = ("--yes", "--reason", "Despacho 12/2026")
LATER = timedelta(days=300)
"""Far enough that no request of another test has a term which reaches it."""


def a_working_day(number: int) -> date:
    """One of the working days that the tests may close, each a different one."""
    return WORKING.after(day_of(datetime.now(UTC)) + LATER, number)


def add(day: date, *more: str) -> tuple[str, ...]:
    return ("calendar", "add", "--day", day.isoformat(), "--name", "Obras", *more)


async def added_id(environment: CommandLineEnvironment, day: date, *more: str) -> str:
    result = await environment.postigo(*add(day, *YES, "--json", *more))
    assert result.code == 0, result.err
    (found,) = result.json["added"]
    return str(found["id"])


async def listed(environment: CommandLineEnvironment, day: date, *more: str) -> list[dict[str, str]]:
    result = await environment.postigo("calendar", "list", "--year", str(day.year), "--json", *more)
    return [row for row in result.json["days"] if row["day"] == day.isoformat()]


def one_sentence(result: CommandResult) -> str:
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("postigo: ")
    assert result.err.count("\n") == 1
    return result.err


async def registered(environment: CommandLineEnvironment, request_id: UUID) -> tuple[datetime, date]:
    """When the request was appended, and its due date."""
    stored = await environment.until("intake", "requests", {"_id": reference_of(request_id)})
    entry = next(each for each in stored["timeline"] if each["type"] == RequestRegistered.TYPE)
    fact = orjson.loads(entry["value"])
    return datetime.fromisoformat(fact["occurred_at"]), date.fromisoformat(fact["due_on"])


async def test_a_dry_run_adds_nothing(environment: CommandLineEnvironment) -> None:
    day = a_working_day(1)
    result = await environment.postigo(*add(day))
    assert result.code == 0, result.err
    assert result.out.startswith(f"{day} {day:%a} would be closed, for every department: Obras.\n")
    assert result.out.endswith("Nothing was done: this was a dry run. Add --yes --reason WHY to do it.\n")
    assert await listed(environment, day) == []


async def test_a_closed_day_is_added_listed_and_removed(environment: CommandLineEnvironment) -> None:
    day = a_working_day(2)
    about = ("--name-en", "Works", "--department", "pf", "--department", "dd", "--holiday", "--reason", "aviso 12")
    result = await environment.postigo(*add(day, *about, *YES))
    assert result.code == 0, result.err
    said = " ".join(result.out.split())
    assert f"{day} {day:%a} is closed, for pf: Obras (id " in said
    assert " UTC on. Dates that people were given are counted again at the next step of their request." in said
    rows = await listed(environment, day)
    assert [(row["closed_for"], row["kind"], row["pt"], row["en"]) for row in rows] == [
        ("dd", "holiday", "Obras", "Works"),
        ("pf", "holiday", "Obras", "Works"),
    ]
    (row,) = await listed(environment, day, "--department", "pf")

    planned = await environment.postigo("calendar", "remove", row["id"][:13])
    assert f"{day} {day:%a} would no longer be closed, for pf: Obras.\n" in planned.out
    assert (await listed(environment, day, "--department", "pf"))[0]["removed_from"] is None
    removed = await environment.postigo("calendar", "remove", row["id"][:13], *YES)
    assert removed.code == 0, removed.err
    assert f"{day} {day:%a} is no longer closed, for pf: Obras.\n" in removed.out
    (row,) = await listed(environment, day, "--department", "pf")
    assert row["removed_from"] > row["active_from"]
    again = await environment.postigo("calendar", "remove", row["id"], *YES)
    assert "was removed already" in one_sentence(again)


async def test_each_change_is_recorded_with_its_operator(environment: CommandLineEnvironment) -> None:
    day = a_working_day(3)
    identifier = await added_id(environment, day, "--department", "pf", "--reason", "aviso 13")
    assert (await environment.postigo("calendar", "remove", identifier, *YES)).code == 0
    facts = await recorded(environment)
    own = [each for each in facts if isinstance(each, OperationBegun) and each.terms.get("day") == day.isoformat()]
    assert [(each.action, each.reason) for each in own] == [("close-days", "aviso 13"), ("reopen-day", YES[-1])]
    assert own[0].terms == {"day": day.isoformat(), "name": "Obras", "departments": "pf"}
    assert own[1].terms["id"] == identifier
    assert {(each.user, each.identity) for each in own} == {(system_user().user, "system-user")}
    ended = {each.operation_id: each for each in facts if isinstance(each, OperationEnded)}
    assert [ended[each.operation_id].counts for each in own] == [{"added": 1}, {"removed": 1}]


async def test_a_day_that_is_closed_already_is_refused(environment: CommandLineEnvironment) -> None:
    day = a_working_day(4)
    identifier = await added_id(environment, day, "--department", "pf")
    for more in ((), YES):
        again = await environment.postigo(*add(day, "--department", "pf", *more))
        assert f"{day} is closed already: Obras, for pf (id {identifier[:8]})." in one_sentence(again)
    both = await environment.postigo(*add(day, "--department", "pf", "--department", "dd", *YES))
    assert both.code == 0, both.err
    assert "is closed, for dd: Obras (id " in both.out
    assert f"It is closed already, for pf: Obras (id {identifier[:8]})." in both.out
    assert len(await listed(environment, day)) == 2


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("add", "--day", "2020-01-01", "--name", "Obras"), "2020-01-01 is in the past"),
        (("add", "--day", "2126-01-01", "--name", "Obras"), "more than three years away"),
        (("add", "--day", "amanhã", "--name", "Obras"), "'amanhã' is not a day"),
        (
            ("add", "--day", "2027-06-13", "--name", "Obras", *YES),
            "2027-06-13 is a Sunday: it is no working day anyway",
        ),
        (("add", "--day", "2028-12-25", "--name", "Obras", *YES), "is a public holiday (Christmas Day)"),
        (("add", "--day", "2028-01-03", "--name", "Obras", "--department", "xx"), "There is no department 'xx'"),
        (("add", "--day", "2028-01-03", "--name", " "), "A name has between one and 100 characters"),
        (("list", "--department", "xx"), "There is no department 'xx'"),
        (("remove", "nonsense", *YES), "There is no closed day 'nonsense'"),
    ],
)
async def test_bad_input_is_refused_in_one_sentence(
    environment: CommandLineEnvironment, typed: tuple[str, ...], expected: str
) -> None:
    assert expected in one_sentence(await environment.postigo("calendar", *typed))


async def test_the_list_shows_public_holidays_and_says_if_no_day_was_added(environment: CommandLineEnvironment) -> None:
    result = await environment.postigo("calendar", "list", "--year", "2031")
    assert result.code == 0, result.err
    assert result.out.startswith("Days that are no working days in 2031, by the calendar PT/")
    rows = [" ".join(line.split()) for line in result.out.splitlines()]
    assert "2031-12-25 Thu holiday everybody Dia de Natal" in rows
    assert "2031-06-02 Mon holiday Azores Dia da Região Autónoma dos Açores" in rows
    assert "\nNo closed days were added.\n" in result.out
    assert not [line for line in result.out.splitlines() if len(line) > 80 and "--home" not in line]


async def test_on_a_server_nobody_changes_the_calendar_without_an_account_of_their_own(
    environment: CommandLineEnvironment,
) -> None:
    day, env = a_working_day(7), environment.stack.env
    named = {name: env[name] for name in SERVER}
    missing = await environment.postigo(*add(day, *YES), env=named, home=False)
    assert "INTAKE_URL is missing" in one_sentence(missing)
    named["INTAKE_URL"] = _intake_url(environment)
    refused = await environment.postigo(*add(day, *YES), env=named, home=False)
    assert refused.code == 1
    assert "nothing shows who you are" in refused.err
    assert await listed(environment, day) == []


@pytest.mark.parametrize("path", [CALENDAR, ADD, REMOVE])
async def test_a_call_without_a_signature_is_refused(environment: CommandLineEnvironment, path: str) -> None:
    async with httpx2.AsyncClient(base_url=_intake_url(environment), trust_env=False) as http:
        assert (await http.post(path, json={"year": 2026})).status_code == 403


async def test_an_added_day_moves_the_due_dates_of_new_requests_without_a_restart(
    environment: CommandLineEnvironment,
) -> None:
    """Requests are filed before and while the day comes into force: each one's date is that of its own moment."""
    _, before = await registered(environment, await environment.submit(FREE))
    day = WORKING.before(before, 1)
    result = await environment.postigo(*add(day, *YES, "--json"))
    assert result.code == 0, result.err
    active_from = datetime.fromisoformat(result.json["added"][0]["active_from"])
    assert active_from <= datetime.now(UTC) + IN_FORCE_AFTER
    found: list[tuple[datetime, date]] = []

    async def moved() -> bool:
        found.append(await registered(environment, await environment.submit(FREE)))
        return found[-1][0] >= active_from

    await eventually(moved, within=90, every=2)
    after = WORKING.after(before, 1)
    assert len(found) > 1
    for at, due_on in found:
        assert due_on == (before if at < active_from else after)


def _intake_url(environment: CommandLineEnvironment) -> str:
    return f"http://127.0.0.1:{environment.stack.port('intake')}"
