"""The signed receipt of a request: downloaded by its author, valid for everybody, and not in one letter changed."""

import hashlib
import html
from io import BytesIO

import httpx2
from pypdf import PdfReader

from services.common.contracts.lifecycle import RequestRouted, State
from services.common.receipts.verification import verify
from services.common.text.legal_dates import reason
from tests.integration.gateway.gateway_environment import BODY, GatewayEnvironment, Person
from tests.integration.gateway.test_acts import common, publish
from tests.integration.gateway.visitor import Visitor, visitor
from tests.support.waiting import eventually
from tests.unit.gateway.lives import term


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


async def test_once_assigned_the_receipt_names_the_department_and_the_reason_of_the_date(
    gateway: GatewayEnvironment, person: Person
) -> None:
    request = (await person.file()).json()
    names = common(request, person)
    about = {"department": "pf", "assignment_id": names["request_id"], "epoch": 1, "rule": "subject:FAM-01"}
    routed = RequestRouted(**names, seq=2, state=State.REGISTERED, deadline=term(), **about)
    await publish(gateway, routed)
    keys = (await person.http.get("/v1/receipts/keys")).json()

    async def named() -> str:
        jws = (await person.get(f"/v1/requests/{request['reference']}/receipt")).json()["jws"]
        claims = verify(jws, keys)
        assert claims.department == "pf"
        assert claims.deadline is not None
        assert claims.deadline.counted() == term()
        return str(jws)

    jws, anybody = await eventually(named), Visitor(gateway.http, "")
    shown = await anybody.send("/validar", {"recibo": jws})
    assert [each for each in reason(term(), "pt") if each not in html.unescape(shown.text)] == []
    # The button of the other language keeps what was verified.
    switched = await anybody.send("/validar", {"recibo": "", "verificado": jws, "idioma": "en"})
    assert [each for each in reason(term(), "en") if each not in html.unescape(switched.text)] == []
    printed = PdfReader(BytesIO((await person.get(f"/v1/requests/{request['reference']}/receipt.pdf")).content))
    assert "Resposta até 16 de março de 2026" in printed.pages[0].extract_text()


async def test_the_receipt_on_paper_is_downloaded_by_its_author_alone(
    gateway: GatewayEnvironment, person: Person, other: Person
) -> None:
    request = (await person.file()).json()
    reference = request["reference"]
    api, page = f"/v1/requests/{reference}/receipt.pdf", f"/pedidos/{reference}/recibo.pdf"

    async def downloaded() -> httpx2.Response:
        answer = await person.get(api)
        assert answer.status_code == 200, answer.text
        return answer

    first = await eventually(downloaded)
    assert first.headers["content-type"] == "application/pdf"
    assert first.headers["content-disposition"] == f'attachment; filename="{reference}.pdf"'
    assert first.headers["cache-control"] == "no-store"
    keys = (await person.http.get("/v1/receipts/keys")).json()
    reader = PdfReader(BytesIO(first.content))
    (attached,) = reader.attachments[f"{reference}.jws"]
    assert verify(attached.decode(), keys).reference == reference
    assert reader.pages[0].extract_text().startswith("Postigo\nRecibo do pedido")

    known = await person.get(api, if_none_match=first.headers["etag"])
    assert (known.status_code, known.content) == (304, b"")
    english = await person.get(api, accept_language="en")
    assert english.headers["etag"] != first.headers["etag"]
    assert "Receipt of the request" in PdfReader(BytesIO(english.content)).pages[0].extract_text()
    assert (await visitor(person).get(page)).content == first.content
    assert f'href="{page}"' in (await visitor(person).get(f"/pedidos/{reference}/recibo")).text

    assert (await other.get(api)).status_code == 404
    assert (await visitor(other).get(page)).status_code == 404
    assert (await person.http.get(api)).status_code == 401
    assert (await Visitor(gateway.http, "").get(page)).status_code == 303


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
    pasted = await anybody.send("/validar", {"recibo": f"https://postigo.example/validar#{jws}"})
    assert (pasted.status_code, request["reference"] in pasted.text) == (200, True)
    assert (await anybody.send("/validar", {"recibo": "<script>"})).status_code == 422
    empty = await anybody.send("/validar", {"recibo": " "})
    assert (empty.status_code, "Cole o texto do recibo." in empty.text) == (422, True)
