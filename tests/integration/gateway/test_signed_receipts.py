"""The signed receipt of a request: downloaded by its author, valid for everybody, and not in one letter changed."""

import hashlib

from services.common.contracts.lifecycle import RequestRouted, State
from services.common.receipts.verification import verify
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person
from tests.integration.gateway.test_acts import common, publish
from tests.integration.gateway.visitor import Visitor, visitor
from tests.support.waiting import eventually


async def test_a_receipt_is_downloaded_verified_by_anybody_and_refused_when_changed(
    gateway: GatewayEnvironment, person: Person, other: Person
) -> None:
    request = (await person.file()).json()
    path = f"/v1/requests/{request['reference']}/receipt"

    async def signed() -> str:
        jws = (await person.get(path)).json().get("jws")
        assert jws
        return str(jws)

    jws = await eventually(signed)
    first = await person.get(path)
    assert (await person.get(path, if_none_match=first.headers["etag"])).status_code == 304
    keys = (await person.http.get("/v1/receipts/keys")).json()
    claims = verify(jws, keys)
    assert claims.text_sha256 == hashlib.sha256(str(BODY["description"]).encode()).hexdigest()
    good = (await person.http.post("/v1/receipts/verify", json={"receipt": f" {jws[:40]}\n{jws[40:]} "})).json()
    assert (good["valid"], good["claims"]["reference"]) == (True, request["reference"])
    changed = jws[:-3] + ("A" if jws[-3] != "A" else "B") + jws[-2:]
    bad = (await person.http.post("/v1/receipts/verify", json={"receipt": changed})).json()
    assert (bad["valid"], bad["because"], bad.get("claims")) == (False, "signature", None)
    for body in ({}, {"receipt": ""}, {"receipt": "x" * 30_000}, {"receipt": 1}):
        answer = await person.http.post("/v1/receipts/verify", json=body)
        assert answer.status_code == 422 or answer.json()["valid"] is False

    file = await visitor(person).get(f"/pedidos/{request['reference']}/recibo-assinado")
    assert verify(file.text, keys).reference == request["reference"]
    assert file.headers["content-disposition"] == f'attachment; filename="{request["reference"]}.jws"'
    assert (await visitor(other).get(f"/pedidos/{request['reference']}/recibo-assinado")).status_code == 404


async def test_once_assigned_the_receipt_names_the_department(gateway: GatewayEnvironment, person: Person) -> None:
    request = (await person.file()).json()
    names = common(request, person)
    about = {"department": "pf", "assignment_id": names["request_id"], "epoch": 1, "rule": "subject:FAM-01"}
    await publish(gateway, RequestRouted(**names, seq=2, state=State.REGISTERED, **about))
    keys = (await person.http.get("/v1/receipts/keys")).json()

    async def named() -> bool:
        jws = (await person.get(f"/v1/requests/{request['reference']}/receipt")).json()["jws"]
        assert verify(jws, keys).department == "pf"
        return True

    await eventually(named)


async def test_the_page_tells_a_valid_receipt_from_a_changed_one_without_a_session(
    gateway: GatewayEnvironment, person: Person
) -> None:
    request = (await person.file()).json()

    async def downloaded() -> str:
        answer = await visitor(person).get(f"/pedidos/{request['reference']}/recibo-assinado")
        assert answer.status_code == 200
        return answer.text

    jws, anybody = await eventually(downloaded), Visitor(gateway.http, "")
    valid = await anybody.send("/validar", {"recibo": jws})
    assert (valid.status_code, request["reference"] in valid.text) == (200, True)
    wrong = await anybody.send("/validar", {"recibo": jws.strip()[:-4] + "AAAA"})
    assert (wrong.status_code, "não é válido" in wrong.text) == (422, True)
    assert (await anybody.send("/validar", {"recibo": "<script>"})).status_code == 422
    assert (await anybody.send("/validar", {"recibo": ""})).status_code == 200
