"""A department learns who its person is: of an open case of its own, for a purpose, and the access log has it first."""

from typing import Any, Final
from uuid import UUID, uuid4

import httpx2
import pytest

from services.common.contracts.departments import AssignmentClosed
from services.common.contracts.lifecycle import State
from tests.integration.gateway.drafts import collection
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person
from tests.integration.gateway.test_departments import Department, case, department, kind_of
from tests.integration.gateway.test_restricted import REPORT
from tests.support.waiting import eventually

PURPOSE: Final = "Para encontrar a baixa que termina"
ANYBODYS: Final = BODY | {"subject": "TRA-08"}
"""A request that people and companies may file."""


async def contact(
    own: Department, assignment_id: object, body: Any = None, http: httpx2.AsyncClient | None = None, **about: str
) -> httpx2.Response:
    """The answer of the call. `about`: another `code` or `token`."""
    path = f"/v1/departments/{about.get('code', own.code)}/assignments/{assignment_id}/contact"
    headers = {"Authorization": f"Bearer {about.get('token', own.token)}"}
    given = {"purpose": PURPOSE} if body is None else body
    return await (http or own.gateway.http).post(path, json=given, headers=headers, timeout=20)


async def filed_case(own: Department, author: Person, body: dict[str, Any] = ANYBODYS, **changes: Any) -> Any:
    """The inbox event of a request that was filed, once the department lists it and its author reads it."""
    filed = (await author.file(body)).json()
    event = case(own.code, 4, request_id=UUID(filed["request_id"]), subject=body["subject"], **changes)
    await own.tell(event)

    async def both_know() -> bool:
        items = (await own.get("?limit=50")).json()["items"]
        views = collection(own.gateway, "gateway", "request_views")
        known = await views.count_documents({"_id": filed["reference"]})
        return bool(known) and filed["request_id"] in {each["request_id"] for each in items}

    await eventually(both_know)
    return event


async def accesses(gateway: GatewayEnvironment, author: Person, purpose: str) -> list[dict[str, Any]]:
    found = collection(gateway, "gateway", "access_log").find({"purpose": purpose})
    return [each for each in await found.to_list(None) if str(each["account_id"]) == author.account_id]


async def test_without_a_token_of_a_department_nobody_is_named(gateway: GatewayEnvironment, person: Person) -> None:
    dp = await department(gateway, "dp")
    event = await filed_case(dp, person)
    for token in ("nobody", person.token):
        answer = await contact(dp, event.assignment_id, token=token)
        assert kind_of(answer) == (401, "department-token")
        assert person.niss not in answer.text


async def test_the_case_of_another_department_is_404(gateway: GatewayEnvironment, person: Person) -> None:
    dp, pf = await department(gateway, "dp"), await department(gateway, "pf")
    event, purpose = await filed_case(dp, person), f"Para experimentar {uuid4()}"
    body = {"purpose": purpose}
    for answer in (
        await contact(pf, event.assignment_id, body),
        await contact(pf, event.assignment_id, body, code="dp"),
        await contact(dp, event.assignment_id, body, code="pf"),
    ):
        assert kind_of(answer) == (404, "not-found")
    assert await accesses(gateway, person, purpose) == []


@pytest.mark.parametrize("assignment_id", [uuid4(), "nothing", "%00"])
async def test_an_unknown_case_is_404(gateway: GatewayEnvironment, assignment_id: object) -> None:
    assert kind_of(await contact(await department(gateway, "dp"), assignment_id)) == (404, "not-found")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required"),
        ({"purpose": ""}, "too_short"),
        ({"purpose": "ab"}, "too_short"),
        ({"purpose": " \u200b a \n b "}, None),
        ({"purpose": "  \n\t "}, "too_short"),
        ({"purpose": "x" * 201}, "too_long"),
        ({"purpose": f"  {'x' * 200}\n"}, None),
        ({"purpose": ["abc"]}, "not_text"),
        ({"purpose": "Para decidir", "niss": "1"}, "unknown_field"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_the_purpose_is_a_line_of_three_to_two_hundred_characters(
    gateway: GatewayEnvironment, body: Any, code: str | None
) -> None:
    answer = await contact(await department(gateway, "dp"), uuid4(), body)
    if code is None:
        assert kind_of(answer) == (404, "not-found")
    else:
        assert kind_of(answer) == (422, "invalid")
        assert code in {each["code"] for each in answer.json()["errors"]}


async def test_a_closed_case_is_404(gateway: GatewayEnvironment, person: Person) -> None:
    dp = await department(gateway, "dp")
    event, purpose = await filed_case(dp, person), f"Tarde demais {uuid4()}"
    await dp.tell(AssignmentClosed(**dict(event) | {"number": 2, "state": State.CONCLUDED}))

    async def is_closed() -> bool:
        return (await contact(dp, event.assignment_id, {"purpose": purpose})).status_code == 404

    await eventually(is_closed)
    before = await accesses(gateway, person, purpose)
    assert kind_of(await contact(dp, event.assignment_id, {"purpose": purpose})) == (404, "not-found")
    assert await accesses(gateway, person, purpose) == before


@pytest.mark.parametrize("restricted", [True, False], ids=["restricted", "a case of an older version"])
async def test_whoever_reports_an_irregularity_is_not_named_and_the_attempt_is_logged(
    gateway: GatewayEnvironment, person: Person, restricted: bool
) -> None:
    fis = await department(gateway, "fis")
    event = await filed_case(fis, person, REPORT, reason="DEN", restricted=restricted)
    purpose = f"Para saber quem denunciou {uuid4()}"
    answer = await contact(fis, event.assignment_id, {"purpose": purpose})
    assert kind_of(answer) == (403, "author-protected")
    assert person.niss not in answer.text
    (entry,) = await accesses(gateway, person, purpose)
    assert (entry["department"], entry["told"]) == ("fis", False)


async def test_the_department_is_told_who_filed_its_case_and_the_access_log_says_so(
    gateway: GatewayEnvironment, person: Person, company: Person
) -> None:
    dp = await department(gateway, "dp")
    for author in (person, company):
        event, purpose = await filed_case(dp, author), f"Para encontrar a baixa {uuid4()}"
        answer = await contact(dp, event.assignment_id, {"purpose": f" {purpose}\n"})
        assert answer.status_code == 200, answer.text
        me = await collection(gateway, "gateway", "accounts").find_one({"_id": author.account_id})
        assert answer.json() == {"niss": author.niss, "name": me["name"]}
        assert answer.headers["cache-control"] == "no-store"
        (entry,) = await accesses(gateway, author, purpose)
        found = {name: entry[name] for name in ("department", "reference", "told")}
        assert found == {"department": "dp", "reference": event.reference, "told": True}


async def test_a_case_that_is_newer_than_the_view_of_its_request_is_503(gateway: GatewayEnvironment) -> None:
    dp = await department(gateway, "dp")
    event = case("dp", 3)
    await dp.tell(event)

    async def is_known() -> bool:
        answer = await contact(dp, event.assignment_id)
        return kind_of(answer) == (503, "unavailable") and int(answer.headers["retry-after"]) > 0

    await eventually(is_known)


async def test_an_author_whose_account_is_gone_is_404(gateway: GatewayEnvironment) -> None:
    dp, (author,) = await department(gateway, "dp"), await gateway.people(1)
    event, purpose = await filed_case(dp, author), f"Para decidir {uuid4()}"
    status, _, errors = await gateway.accounts({"niss": author.niss, "deleted": True})
    assert status == 0, errors
    assert kind_of(await contact(dp, event.assignment_id, {"purpose": purpose})) == (404, "not-found")
    assert await accesses(gateway, author, purpose) == []


@pytest.mark.usefixtures("within_one_hour")
async def test_a_department_asks_a_limited_number_of_times_in_an_hour_at_all_replicas_together(
    gateway: GatewayEnvironment, person: Person
) -> None:
    # Departments that no other test here asks as: the hour of the others has begun.
    drp, cnp = await department(gateway, "drp"), await department(gateway, "cnp")
    event = await filed_case(drp, person)
    limits = {"DEPARTMENT_CONTACTS_PER_HOUR": "2", "ACCOUNT_LIMITS_TIMES": "1"}
    async with (
        gateway.replica("gateway-contacts-1", **limits) as first,
        gateway.replica("gateway-contacts-2", **limits) as second,
    ):
        assert (await contact(drp, event.assignment_id, http=first)).status_code == 200
        assert kind_of(await contact(drp, uuid4(), http=second)) == (404, "not-found")
        for http in (first, second):
            refused = await contact(drp, event.assignment_id, http=http)
            assert kind_of(refused) == (429, "too-many")
            assert 0 < int(refused.headers["retry-after"]) <= 3600
            assert refused.headers["ratelimit-policy"] == '"contacts";q=2;w=3600'
        assert kind_of(await contact(cnp, uuid4(), http=first)) == (404, "not-found")


async def test_without_the_store_nobody_is_named(gateway: GatewayEnvironment, person: Person) -> None:
    dp = await department(gateway, "dp")
    event, purpose = await filed_case(dp, person), f"Sem registo {uuid4()}"
    async with gateway.replica("gateway-contacts-outage") as http:
        with gateway.frozen("mongo"):
            answer = await contact(dp, event.assignment_id, {"purpose": purpose}, http)
        assert kind_of(answer) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
