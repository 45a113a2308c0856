"""The demonstration's data matches the catalogue, covers most of it, and contains no real personal data."""

import io
from collections import Counter
from datetime import date
from importlib import resources
from typing import Any, NamedTuple

import pytest
import yaml
from PIL import Image
from pypdf import PdfReader

from deploy.demo.data import (
    DemoAccount,
    DemoRequest,
    independent_requests,
    load_accounts,
    load_requests,
    load_sick_leaves,
    read_document,
)
from deploy.demo.sick_leave import Asked, decide
from gateway.requests.answers import answer_errors
from services.common.catalogue import INCLUDED, catalogue
from services.common.contracts.base import MAX_DESCRIPTION
from services.common.domain.identifiers import valid_niss

MAGIC = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff"}
WHO = {"person": "P", "company": "E"}
FIRST_DIGIT = {"person": "1", "company": "2"}

ACCOUNTS = {account.key: account for account in load_accounts()}
REQUESTS = load_requests()
DOCUMENTS = sorted({name for request in REQUESTS for name in request.files})


class Subject(NamedTuple):
    who: str
    department: str
    reasons: list[str]


@pytest.fixture(scope="module")
def subjects() -> dict[str, Subject]:
    text = (INCLUDED / "versions" / "1.yaml").read_text(encoding="utf-8")
    events: list[dict[str, Any]] = yaml.safe_load(text)["life_events"]
    rows = [row for event in events for row in event["subjects"]]
    return {row["code"]: Subject(row["who"], row["department"], row["reasons"]) for row in rows}


def label(request: DemoRequest) -> str:
    return f"{request.account}-{request.subject}-{request.reason}"


@pytest.mark.parametrize("request_", REQUESTS, ids=label)
def test_the_author_of_a_request_may_choose_its_subject_and_reason(
    request_: DemoRequest, subjects: dict[str, Subject]
) -> None:
    subject = subjects[request_.subject]
    assert request_.reason in subject.reasons
    earlier = next((each for each in REQUESTS if each.name and each.name == request_.about), None)
    assert request_.department == (earlier.department if earlier else subject.department)
    assert WHO[ACCOUNTS[request_.account].kind] in subject.who


@pytest.mark.parametrize("request_", REQUESTS, ids=label)
def test_the_questions_of_the_reason_are_answered(request_: DemoRequest) -> None:
    today = date(2026, 12, 1)
    assert answer_errors(request_.subject, request_.reason, request_.answers_on(today), today) == []


@pytest.mark.parametrize("request_", REQUESTS, ids=label)
def test_a_description_has_a_valid_length(request_: DemoRequest) -> None:
    assert 20 <= len(request_.description) <= MAX_DESCRIPTION
    assert request_.description == request_.description.strip()


def test_all_descriptions_are_different() -> None:
    assert len({request.description for request in REQUESTS}) == len(REQUESTS)


def test_the_requests_cover_most_departments_and_reasons() -> None:
    departments = Counter(request.department for request in REQUESTS)
    reasons = Counter(request.reason for request in REQUESTS)
    assert len(REQUESTS) >= 44
    assert len(departments) >= 12
    assert {"rec", "fis", "int", "div", "acd"} <= departments.keys()
    assert {"RCL", "SUG", "ELO", "DEN"} <= reasons.keys()
    assert ("fis", "DEN") in {(request.department, request.reason) for request in REQUESTS}


def test_every_account_files_requests() -> None:
    filing = {request.account for request in REQUESTS}
    assert filing == ACCOUNTS.keys()
    assert Counter(account.kind for account in ACCOUNTS.values()) == {"person": 9, "company": 3}


@pytest.mark.parametrize("account", ACCOUNTS.values(), ids=lambda account: account.key)
def test_an_account_has_a_valid_number_for_its_kind(account: DemoAccount) -> None:
    assert valid_niss(account.niss)
    assert account.niss[0] == FIRST_DIGIT[account.kind]


def test_accounts_have_unique_fields() -> None:
    rows = load_accounts()
    for field in ("key", "niss", "password", "name", "email"):
        assert len({getattr(row, field) for row in rows}) == len(rows), field


def test_some_authors_add_messages_and_one_withdraws_a_request() -> None:
    messages = [message for request in REQUESTS for message in request.messages]
    assert len(messages) >= 3
    assert any(message.documents for message in messages)
    assert sum(request.withdrawn for request in REQUESTS) == 1


def test_whoever_is_asked_for_documents_delivers_them_and_whoever_is_heard_answers() -> None:
    moments = {label(request): [message.when for message in request.messages] for request in REQUESTS}
    for request in REQUESTS:
        delivered = sorted(message.item or 0 for message in request.messages if message.when == "asked")
        assert delivered == ([1, 2] if request.reason == "COR" else [])
        assert ("heard" in moments[label(request)]) == (request.reason == "IND")


def test_of_those_who_get_an_answer_some_come_back_and_one_does_not() -> None:
    answered = [request for request in REQUESTS if request.reason == "ALT"]
    coming_back = [each for each in answered if any(message.when == "answered" for message in each.messages)]
    assert 0 < len(coming_back) < len(answered)
    assert any(request.rating for request in coming_back)


def test_who_asks_about_an_earlier_request_of_their_own_waits_for_it() -> None:
    named = {request.name: (number, request) for number, request in enumerate(REQUESTS) if request.name}
    asking = [(number, request) for number, request in enumerate(REQUESTS) if request.about]
    assert asking
    for number, request in asking:
        place, earlier = named[request.about or ""]
        assert place < number
        assert earlier.account == request.account
        assert catalogue().reasons[request.reason].ongoing
        assert earlier.department != catalogue().subjects[request.subject].department
    assert {request.about for request in independent_requests()} == {None}
    assert len(independent_requests()) == len(REQUESTS) - len(asking)


def test_one_sick_leave_ends_early_and_one_had_ended_before() -> None:
    today = date(2026, 12, 1)
    register = [each.on(today) for each in load_sick_leaves()]
    outcomes = []
    for request in REQUESTS:
        if (request.subject, request.reason) == ("DOE-02", "CES"):
            answers = request.answers_on(today)
            day, number = date.fromisoformat(str(answers["return_on"])), str(answers.get("certificate", ""))
            outcomes.append(decide(register, Asked(ACCOUNTS[request.account].niss, day, number), today).said["outcome"])
    assert sorted(outcomes) == ["granted", "refused"]


def test_attachments_are_of_every_accepted_kind() -> None:
    attached = [name for request in REQUESTS for name in request.files]
    assert sum(bool(request.documents) for request in REQUESTS) >= 9
    assert {name.rsplit(".", 1)[1] for name in attached} == MAGIC.keys()


def test_every_document_in_the_folder_is_attached_once() -> None:
    folder = resources.files("deploy.demo") / "documents"
    attached = sorted(name for request in REQUESTS for name in request.files)
    assert attached == sorted(entry.name for entry in folder.iterdir())
    assert len({read_document(name) for name in attached}) == len(attached)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_has_the_type_of_its_name_and_is_small(name: str) -> None:
    content = read_document(name)
    assert content.startswith(MAGIC[name.rsplit(".", 1)[1]])
    assert 1_000 <= len(content) <= 150_000


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name.endswith(".pdf")])
def test_every_page_of_a_pdf_is_marked_as_demonstration(name: str) -> None:
    for page in PdfReader(io.BytesIO(read_document(name)), strict=True).pages:
        assert "(demonstração)" in page.extract_text()


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if not name.endswith(".pdf")])
def test_a_picture_opens_and_has_no_metadata(name: str) -> None:
    with Image.open(io.BytesIO(read_document(name))) as picture:
        picture.load()
        assert min(picture.size) >= 400
        assert not picture.getexif()
