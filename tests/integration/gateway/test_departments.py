"""What a department reads over HTTP: its own cases, with a token of its own."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import httpx2
import pytest
import pytest_asyncio

from deploy.operator.identity import system_user
from gateway.desk.domain import DepartmentToken
from gateway.desk.store import TokenStore
from services.common.contracts.departments import (
    Assignment,
    AssignmentClosed,
    AssignmentCreated,
    AssignmentUpdated,
    File,
    Message,
)
from services.common.contracts.lifecycle import State
from services.common.domain.identifiers import reference_of
from services.common.domain.tokens import hash_of, new_token
from services.common.store import connect, database, disconnect
from tests.integration.gateway.gateway_environment import GatewayEnvironment, Person
from tests.support import stacks, topics
from tests.support.waiting import eventually

NOW: Final = datetime(2026, 5, 18, 9, 30, tzinfo=UTC)
FILE: Final = UUID(int=9)


class Department:
    """A department of its own for each test: its inbox, and its reads."""

    def __init__(self, gateway: GatewayEnvironment, code: str, token: str) -> None:
        self.gateway, self.code, self.token = gateway, code, token

    async def get(self, query: str = "", token: str | None = None, code: str | None = None, **headers: str) -> Any:
        about = {"Authorization": f"Bearer {token or self.token}"} | headers
        return await self.gateway.http.get(f"/v1/departments/{code or self.code}/assignments{query}", headers=about)

    async def tell(self, *events: Assignment) -> None:
        """Append inbox events, as routing does."""
        writer = await topics.producer(self.gateway.stack.env["KAFKA_URL"])
        try:
            for event in events:
                headers = topics.attributes(event.TYPE, str(uuid4()))
                value = event.model_dump_json().encode()
                await writer.send_and_wait(event.topic, value=value, key=event.key.encode(), headers=headers)
        finally:
            await writer.stop()

    async def listed(self, state: str, *expected: UUID) -> list[dict[str, Any]]:
        """The items of the list, once they are these requests in this order."""

        async def complete() -> list[dict[str, Any]]:
            items: list[dict[str, Any]] = (await self.get(f"?state={state}&limit=50")).json()["items"]
            return items if [item["request_id"] for item in items] == list(map(str, expected)) else []

        return await eventually(complete)


DO: Final = ("--reason", "a test", "--yes")


async def department(gateway: GatewayEnvironment, code: str) -> Department:
    """A department with a token that an operator made."""
    made = await gateway.postigo("departments", "token", "--code", code, "--json", *DO)
    return Department(gateway, code, made["token"])


def case(code: str, entry: int, kind: type[Assignment] = AssignmentCreated, **changes: Any) -> Any:
    """An inbox event of a case that was entered on this day of May."""
    request = changes.pop("request_id", uuid4())
    fields: dict[str, Any] = {
        "request_id": request,
        "reference": reference_of(request),
        "occurred_at": NOW,
        "assignment_id": uuid4(),
        "department": code,
        "epoch": 1,
        "number": 1,
        "as_of": 1,
        "subject": "FAM-01",
        "reason": "INF",
        "description": "Não recebi o abono de maio.",
        "documents": (),
        "entered_on": date(2026, 5, entry),
        "due_on": date(2026, 7, 1) - timedelta(days=entry),
        "state": State.REGISTERED,
        "language": "pt",
    }
    return kind(**fields | changes)


@pytest_asyncio.fixture(loop_scope="session")
async def tokens(gateway: GatewayEnvironment) -> AsyncIterator[TokenStore]:
    client = connect(gateway.stack.env["MONGO_URL"])
    yield TokenStore(database(client, f"{stacks.prefix(gateway.stack)}_gateway"))
    await disconnect(client)


def kind_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:postigo:problem:")


async def test_a_department_lists_the_latest_event_of_each_case_as_it_was_published(
    gateway: GatewayEnvironment,
) -> None:
    ds = await department(gateway, "ds")
    first = case("ds", 1)
    latest = first.model_copy(
        update={
            "number": 2,
            "as_of": 4,
            "because": "ds/1/acknowledge",
            "messages": (Message(seq=4, at=NOW, text="É o de abril."),),
            "files": (File(id=FILE),),
        }
    )
    await ds.tell(first, AssignmentUpdated(**dict(latest)))
    expected = latest.model_dump(mode="json", exclude_none=True) | {"closed": False}

    async def is_listed() -> bool:
        return bool((await ds.get()).json()["items"] == [expected])

    await eventually(is_listed)


async def test_the_list_is_filtered_by_state_and_the_oldest_case_comes_first(
    gateway: GatewayEnvironment,
) -> None:
    din = await department(gateway, "din")
    late, soon, closed = case("din", 9), case("din", 1), case("din", 5)
    end = AssignmentClosed(**dict(closed) | {"number": 2, "state": State.CONCLUDED})
    await din.tell(late, soon, closed, end)
    await din.listed("open", soon.request_id, late.request_id)
    (item,) = await din.listed("closed", closed.request_id)
    assert (item["closed"], item["state"]) == (True, "concluded")
    await din.listed("all", soon.request_id, closed.request_id, late.request_id)


@pytest.mark.parametrize(("code", "limit"), [("cc", 1), ("uce", 2), ("div", 3), ("acd", 50)])
async def test_the_pages_have_every_case_once_and_in_order(gateway: GatewayEnvironment, code: str, limit: int) -> None:
    own = await department(gateway, code)
    events = [case(code, entry) for entry in (4, 2, 3, 3, 2, 4, 1)]
    await own.tell(*events)
    ordered = sorted(events, key=lambda event: (event.entered_on, f"{code} {event.request_id}"))
    await own.listed("open", *(event.request_id for event in ordered))
    found, query = [], f"?limit={limit}"
    while True:
        page = (await own.get(query)).json()
        assert len(page["items"]) <= limit
        found += [item["request_id"] for item in page["items"]]
        if "next" not in page:
            break
        query = f"?limit={limit}&cursor={page['next']}"
    assert found == [str(event.request_id) for event in ordered]


async def test_a_case_whose_due_date_changes_between_two_pages_is_on_one_of_them(gateway: GatewayEnvironment) -> None:
    int_ = await department(gateway, "int")
    events = [case("int", entry) for entry in (1, 2, 3)]
    await int_.tell(*events)
    await int_.listed("open", *(event.request_id for event in events))
    first = (await int_.get("?limit=2")).json()
    suspended = [event.model_copy(update={"number": 2, "due_on": date(2027, 1, 4)}) for event in events[:2]]
    sooner = events[2].model_copy(update={"number": 2, "due_on": date(2026, 5, 4)})
    await int_.tell(*(AssignmentUpdated(**dict(event)) for event in (*suspended, sooner)))

    async def all_changed() -> bool:
        return {item["number"] for item in (await int_.get()).json()["items"]} == {2}

    await eventually(all_changed)
    second = (await int_.get(f"?limit=2&cursor={first['next']}")).json()
    listed = [item["request_id"] for page in (first, second) for item in page["items"]]
    assert listed == [str(event.request_id) for event in events]
    assert "next" not in second


async def test_a_cursor_is_valid_for_its_department_and_filter_only(gateway: GatewayEnvironment) -> None:
    rec, fis = await department(gateway, "rec"), await department(gateway, "fis")
    events = [case("rec", entry) for entry in (1, 2)]
    await rec.tell(*events)
    await rec.listed("open", *(event.request_id for event in events))
    cursor = (await rec.get("?limit=1")).json()["next"]
    assert (await rec.get(f"?limit=1&cursor={cursor}")).status_code == 200
    for answer in (
        await fis.get(f"?limit=1&cursor={cursor}"),
        await rec.get(f"?limit=1&state=all&cursor={cursor}"),
        await rec.get(f"?limit=1&cursor={cursor[:-2]}"),
        await rec.get("?limit=1&cursor=%C3%A1"),
    ):
        assert kind_of(answer) == (400, "cursor")


async def test_an_unchanged_list_is_304(gateway: GatewayEnvironment) -> None:
    tri = await department(gateway, "tri")
    first = await tri.get()
    again = await tri.get(**{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("query", ["?state=new", "?limit=0", "?limit=51", "?limit=many"])
async def test_an_invalid_parameter_is_named(gateway: GatewayEnvironment, query: str) -> None:
    dp = await department(gateway, "dp")
    answer = await dp.get(query)
    assert kind_of(answer) == (422, "invalid")
    assert answer.json()["errors"][0]["parameter"] == query[1:].partition("=")[0]


@pytest.mark.parametrize("code", ["dd", "PF", "nowhere", "pf%20", "*"])
async def test_the_list_of_another_department_is_404(gateway: GatewayEnvironment, code: str) -> None:
    pf = await department(gateway, "pf")
    assert kind_of(await pf.get(code=code)) == (404, "not-found")


@pytest.mark.parametrize("header", [None, "Bearer", "bearer x", "Basic cGY6cGY=", "Bearer nobody", "Bearer \xe9"])
async def test_without_a_token_of_a_department_the_answer_is_401(
    gateway: GatewayEnvironment, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    answer = await gateway.http.get("/v1/departments/pf/assignments", headers=headers)  # type: ignore[arg-type]
    assert kind_of(answer) == (401, "department-token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_tokens_of_people_and_of_departments_are_not_interchangeable(
    gateway: GatewayEnvironment, person: Person
) -> None:
    pf = await department(gateway, "pf")
    assert kind_of(await pf.get(token=person.token)) == (401, "department-token")
    as_person = await gateway.http.get("/v1/requests", headers={"Authorization": f"Bearer {pf.token}"})
    assert kind_of(as_person) == (401, "no-session")


async def test_an_expired_token_is_401(gateway: GatewayEnvironment, tokens: TokenStore) -> None:
    token = new_token()
    stored = DepartmentToken.of(hash_of(token), "pf", datetime.now(UTC) - timedelta(days=2), 1)
    await tokens.add(stored)
    assert kind_of(await Department(gateway, "pf", token).get()) == (401, "department-token")
    _, listed, _ = await gateway.run("departments", "tokens")
    assert "expired" in next(line for line in listed.splitlines() if stored.id in line)


async def test_a_token_that_has_ended_is_not_revived_by_the_call_that_added_it(tokens: TokenStore) -> None:
    stored = DepartmentToken.of(hash_of(new_token()), "pf", datetime.now(UTC), 7)
    await tokens.add(stored)
    await tokens.end(stored, datetime.now(UTC) - timedelta(seconds=1))
    await tokens.add(stored)
    found = await tokens.find(stored.token_hash)
    assert found is not None
    assert not found.is_valid(datetime.now(UTC))


async def test_a_token_is_printed_once_listed_by_its_id_and_revoked_at_once(gateway: GatewayEnvironment) -> None:
    status, printed, note = await gateway.run("departments", "token", "--code", "cnp", "--days", "7", *DO)
    token = printed.strip()
    (identifier,) = re.findall(r"Token ([0-9a-f]{12}) of cnp", note)
    assert status == 0
    assert token not in note
    cnp = Department(gateway, "cnp", token)
    assert (await cnp.get()).status_code == 200
    _, listed, _ = await gateway.run("departments", "tokens")
    (line,) = [line for line in listed.splitlines() if identifier in line]
    assert ("cnp" in line, "valid" in line) == (True, True)
    assert token not in listed
    revoke = ("departments", "revoke", identifier)
    assert "would be revoked" in (await gateway.run(*revoke))[1]
    assert (await cnp.get()).status_code == 200
    assert await gateway.run(*revoke, *DO) == (0, f"Token {identifier} of cnp is revoked.\n", "")
    assert kind_of(await cnp.get()) == (401, "department-token")
    status, _, errors = await gateway.run(*revoke, *DO)
    assert (status, f"There is no valid token '{identifier}'" in errors) == (1, True)


async def test_the_audit_topic_names_who_made_and_revoked_a_token_and_why(gateway: GatewayEnvironment) -> None:
    made = await gateway.postigo("departments", "token", "--code", "int", "--json", "--reason", "new program", "--yes")
    await gateway.postigo("departments", "revoke", made["id"], "--json", "--reason", "it leaked", "--yes")
    recorded = await gateway.operations("make-token", "revoke-token")
    own = [each for each in recorded if each.reason in {"new program", "it leaked"}]
    assert [(each.action, each.user, each.identity, each.reason) for each in own] == [
        ("make-token", system_user().user, "system-user", "new program"),
        ("revoke-token", system_user().user, "system-user", "it leaked"),
    ]
    assert own[1].terms["token"] == made["id"]
    log = gateway.stack.home.log("operator").read_text(encoding="utf-8")
    assert '"because":"make-token"' in log
    assert '"because":"revoke-token"' in log
    assert made["token"] not in log


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("token", *DO), 2),
        (("token", "--code", "nowhere", *DO), 1),
        (("token", "--code", "pf", "--days", "0", *DO), 2),
        (("token", "--code", "pf", "--days", "731", *DO), 2),
        (("token", "--code", "pf", "--yes"), 1),
        (("revoke", "0123456789ab", "--yes"), 1),
        (("sing",), 2),
    ],
)
async def test_a_wrong_command_line_makes_and_revokes_no_token(
    gateway: GatewayEnvironment, arguments: tuple[str, ...], expected: int
) -> None:
    status, printed, errors = await gateway.run("departments", *arguments)
    assert (status, printed) == (expected, "")
    assert errors


async def test_a_dry_run_makes_no_token(gateway: GatewayEnvironment, tokens: TokenStore) -> None:
    before = await tokens.all()
    status, printed, _ = await gateway.run("departments", "token", "--code", "pf")
    assert (status, "would be made" in printed) == (0, True)
    assert await tokens.all() == before
