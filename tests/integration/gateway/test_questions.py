"""Questions of a reason, through the API and on the pages: asked, checked, kept in a draft, and part of the request."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.drafts.wizard import BACK
from services.common.legal_clock import day_of
from tests.integration.gateway.drafts import begin, collection, read, save, submit
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person, new_key, value_of
from tests.integration.gateway.visitor import Visitor, visitor
from tests.support.own_catalogue import second_version
from tests.support.waiting import eventually

RETURN: Final = BODY | {"subject": "DOE-02", "reason": "CES", "description": "Já posso voltar ao trabalho."}


def in_days(number: int) -> str:
    return (day_of(datetime.now(UTC)) + timedelta(days=number)).isoformat()


async def test_the_catalogue_says_what_is_asked_and_a_request_without_it_is_refused(person: Person) -> None:
    subject = (await person.get("/v1/catalogue/subjects/DOE-02")).json()
    (asked,) = [each["questions"] for each in subject["reasons"] if each["code"] == "CES"]
    assert asked["required"] == ["return_on"]
    assert list(asked["properties"]) == ["return_on", "certificate"]
    assert asked["properties"]["return_on"]["x-days"] == {"earliest": -30, "latest": 30}
    assert all("questions" not in each for each in subject["reasons"] if each["code"] != "CES")
    for answers, code in (
        ({}, "required"),
        ({"return_on": in_days(60)}, "day_not_accepted"),
        ({"return_on": 1}, "wrong_answer"),
    ):
        refused = await person.file(RETURN | {"answers": answers})
        assert refused.status_code == 422
        assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [("/answers/return_on", code)]


async def test_answers_are_published_with_the_request_and_shown_to_its_author(
    gateway: GatewayEnvironment, person: Person
) -> None:
    filed = await person.file(RETURN | {"answers": {"return_on": in_days(2)}})
    assert filed.status_code == 201, filed.text
    (record,) = await gateway.records_of(filed.json()["request_id"])
    (answer,) = value_of(record)["answers"]
    assert (answer["name"], answer["value"], answer["question"]) == (
        "return_on",
        in_days(2),
        "Em que dia volta ao trabalho?",
    )

    async def shown() -> bool:
        found = await person.get(f"/v1/requests/{filed.json()['reference']}")
        assert found.json()["answers"] == [answer]
        return True

    await eventually(shown)
    page = await visitor(person).get(f"/pedidos/{filed.json()['reference']}")
    assert answer["text"] in page.text


async def test_a_repetition_gets_its_receipt_although_the_catalogue_has_changed(
    gateway: GatewayEnvironment, person: Person, tmp_path: Path
) -> None:
    key, gone = new_key(), BODY | {"subject": "FAM-06"}
    filed = (await person.file(gone, key)).json()

    async def readable() -> bool:
        return (await person.get(f"/v1/requests/{filed['reference']}")).json()["description"] is not None

    await eventually(readable)
    with second_version(tmp_path):
        async with gateway.replica("gateway-next-version", CATALOGUE_FOLDER=str(tmp_path)) as http:
            elsewhere = replace(person, http=http)
            again = await elsewhere.file(gone, key)
            assert (again.status_code, again.json()["reference"]) == (201, filed["reference"])
            refused = await elsewhere.file(gone)
            assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
                ("/subject", "unknown_subject")
            ]
    assert len(await gateway.records_of(filed["request_id"])) == 1


async def test_a_value_that_no_answer_may_have_is_one_error(person: Person) -> None:
    values: list[Any] = [None, 1.5, [], {}, "a" * 501]
    for value in values:
        refused = await person.file(RETURN | {"answers": {"return_on": value}})
        assert [each["code"] for each in refused.json()["errors"]] == ["wrong_answer"], value


async def test_a_draft_keeps_answers_and_loses_them_with_the_reason_that_asks(writer: Person) -> None:
    draft = await begin(writer, RETURN | {"answers": {"return_on": in_days(2)}})
    assert draft["content"]["answers"] == {"return_on": in_days(2)}
    changed = await save(writer, draft, 1, {**draft["content"], "reason": "INF"})
    assert changed.status_code == 200, changed.text
    assert not (await read(writer, draft))["content"].get("answers")


async def test_a_draft_whose_answers_do_not_fit_is_not_sent_and_can_be_corrected(writer: Person) -> None:
    draft = await begin(writer, RETURN | {"answers": {"return_on": in_days(90)}})
    refused = await submit(writer, draft)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/answers/return_on"
    content = {**draft["content"], "answers": {"return_on": in_days(1)}}
    version = (await save(writer, draft, (await read(writer, draft))["version"], content)).json()["version"]
    assert (await submit(writer, draft, version)).status_code == 201


async def test_a_draft_that_is_being_sent_can_be_sent_again_although_its_day_has_passed(
    gateway: GatewayEnvironment, writer: Person
) -> None:
    draft, who = await begin(writer, RETURN | {"answers": {"return_on": in_days(-30)}}), visitor(writer)
    with gateway.frozen("kafka"):
        assert (await submit(writer, draft)).status_code == 503
    yesterday = {"sending.since": datetime.now(UTC) - timedelta(days=1)}
    late = {f"{each}.answers.return_on": in_days(-31) for each in ("content", "sending.body")}
    drafts = collection(gateway, "gateway", "drafts")
    assert (await drafts.update_one({"_id": draft["draft_id"]}, {"$set": yesterday | late})).modified_count == 1
    check = f"/novo/{draft['draft_id']}/verificar"
    page = await who.get(check)
    assert (page.status_code, "Enviar outra vez" in page.text, "Em que dia volta ao trabalho?" in page.text) == (
        200,
        True,
        True,
    )
    assert (await who.get(f"/novo/{draft['draft_id']}/perguntas")).headers["location"] == check

    async def filed() -> bool:
        return (await submit(writer, draft)).status_code == 201

    await eventually(filed)


async def test_the_page_asks_says_what_is_wrong_and_goes_on(writer: Person) -> None:
    who, draft = visitor(writer), await begin(writer, RETURN)
    page = f"/novo/{draft['draft_id']}/perguntas"
    version = {"versao": "1"}
    assert (await who.get(f"/novo/{draft['draft_id']}/verificar")).headers["location"] == page
    empty = await who.fill(page, **version)
    assert (empty.status_code, "Falta a resposta a «" in empty.text) == (422, True)
    late = await who.fill(page, **version, **{"r-return_on": in_days(90)})
    assert (late.status_code, in_days(90) in late.text) == (422, True)
    switched = await who.fill(page, **version, **{"r-return_on": "amanhã", "idioma": "en"})
    assert (switched.status_code, "amanhã" in switched.text) == (200, True)
    sent = await who.fill(page, **version, **{"r-return_on": in_days(1), BACK: "verificar"})
    assert sent.headers["location"] == f"/novo/{draft['draft_id']}/verificar"
    assert (await read(writer, draft))["content"]["answers"] == {"return_on": in_days(1)}
    elsewhere = await who.fill(page, **version, **{"r-return_on": in_days(3)})
    assert (elsewhere.status_code, in_days(3) in elsewhere.text) == (409, True)


async def test_a_reason_without_questions_has_no_page_for_them(writer: Person) -> None:
    draft = await begin(writer, BODY)
    page = f"/novo/{draft['draft_id']}/perguntas"
    assert (await visitor(writer).get(page)).headers["location"] == f"/novo/{draft['draft_id']}/motivo"


async def test_a_form_of_a_step_that_the_draft_has_no_longer_leads_to_its_reason(writer: Person) -> None:
    who = visitor(writer)
    asking, ongoing = await begin(writer, RETURN), await begin(writer, RETURN | {"reason": "INF"})
    for draft, step, typed in (
        (asking, "processo", {"processo": "nenhum"}),
        (ongoing, "perguntas", {"r-return_on": in_days(1)}),
    ):
        page = f"/novo/{draft['draft_id']}"
        sent = await who.fill(f"{page}/descricao", f"{page}/{step}", versao="1", **typed)
        assert (sent.status_code, sent.headers["location"]) == (303, f"{page}/motivo")
    await save(writer, asking, 1, {**asking["content"], "reason": "INF"})
    fields = await who.hidden(f"/novo/{asking['draft_id']}/descricao")
    late = await who.send(f"/novo/{asking['draft_id']}/perguntas", fields | {"versao": "1", "r-return_on": in_days(1)})
    assert late.headers["location"] == f"/novo/{asking['draft_id']}/motivo"


async def test_answers_return_unsent_after_the_session_ended(gateway: GatewayEnvironment, writer: Person) -> None:
    draft = await begin(writer, RETURN)
    page = f"/novo/{draft['draft_id']}/perguntas"
    fields = await visitor(writer).hidden(page) | {"versao": "1", "r-return_on": in_days(4)}
    again = Visitor(gateway.http, (await gateway.sign_in(writer.niss)).json()["token"])
    kept = await again.send(page, fields)
    assert kept.headers["location"].startswith(f"{page}?guardado=")
    assert in_days(4) in (await again.get(kept.headers["location"])).text


async def test_a_number_beyond_any_store_is_refused(writer: Person) -> None:
    draft = await begin(writer, RETURN)
    answer = await save(writer, draft, 1, {**draft["content"], "answers": {"return_on": 10**30}})
    assert answer.status_code == 422
