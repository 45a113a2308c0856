"""`/docs` says what each call takes and gives, in words, and nothing of it is Markdown or JSON schema."""

import hashlib
import html
import json
import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from hypothesis import given, strategies as st
from markupsafe import Markup

from gateway.reference.operations import Operation, operations
from gateway.reference.schema_fields import Field, fields_of, to_html
from gateway.requests.domain import fingerprint
from tests.unit.gateway.html_page import Page
from tests.unit.gateway.test_routes import applications, client

APP = applications().public
CALLS = operations(APP.openapi())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page() -> AsyncIterator[str]:
    async with client(APP) as http:
        yield (await http.get("/docs")).text


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", page))


def all_of(fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        yield field
        yield from all_of(field.fields)


def call(method: str, path: str) -> Operation:
    (found,) = [each for each in CALLS if (each.method, each.path) == (method, path)]
    return found


@pytest.mark.parametrize("each", CALLS, ids=lambda each: each.id)
def test_every_success_has_a_sentence_of_its_own_and_its_fields(each: Operation, page: str) -> None:
    assert each.answers
    for answer in each.answers:
        assert answer.description
        assert "Successful Response" not in answer.description
        assert bool(answer.fields) == (answer.status != "204" and not each.path.endswith(".pdf"))
        assert all(f"<code>{field.name}</code>" in page for field in all_of(answer.fields))
    assert each.problems


def test_a_field_has_its_type_its_limits_and_the_fields_inside_it() -> None:
    (read,) = call("GET", "/v1/requests/{reference}").answers
    act = next(field for field in read.fields if field.name == "act")
    outcome = next(field for field in act.fields if field.name == "outcome")
    assert (act.rules, outcome.rules) == ("object, may be missing", "one of pending, applied, refused")
    assert "not decided yet" in outcome.description
    (limit,) = [field for field in call("GET", "/v1/requests").parameters if field.name == "limit"]
    assert limit.rules == "query, whole number, 1 to 100, default 20, optional"
    (text,) = [field for field in all_of(body(call("POST", "/v1/requests"))) if field.name == "description"]
    assert text.rules == "text, 1 to 4000 characters, required"
    (state,) = [field for field in call("POST", "/v1/documents").answers[0].fields if field.name == "state"]
    assert state.rules == "one of stored, claimed, accepted"


def body(operation: Operation) -> tuple[Field, ...]:
    assert operation.body is not None
    return operation.body.fields


def test_no_description_on_the_page_is_markdown(page: str) -> None:
    text = text_of(re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL))
    assert "`" not in text
    assert not re.search(r"\*\w[^*]*\*", text)
    assert "<em>not confirmed</em>" in page


def test_every_link_of_the_contents_leads_to_a_place_on_the_page(page: str) -> None:
    elements = Page(page).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    targets = [str(attributes["href"]) for tag, attributes in elements if tag == "a"]
    assert len(ids) == len(set(ids))
    assert {each.removeprefix("#") for each in targets if each.startswith("#")} <= {*ids}
    assert {each.id for each in CALLS} <= {each.removeprefix("#") for each in targets}


@pytest.mark.parametrize(
    "said",
    [
        *("after a 429, 500 or 503", "-F file=@", "/v1/sessions/current", "Postigo-Receipt", "is another body"),
        *("at most 25 MiB", "at most 64 KiB", "at most 10", "16 to 255", "at most 4000", "20 by default, at most 100"),
        *("only the service can verify it",),
    ],
)
def test_the_guide_says(said: str, page: str) -> None:
    assert said in " ".join(text_of(page).split())


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text()) | st.none()))
def test_the_content_of_a_receipt_is_computed_as_the_page_says(submitted: dict[str, object]) -> None:
    """The expression is that of the page."""
    sent = json.dumps(submitted, sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(sent).hexdigest() == fingerprint(submitted).hex()


def test_that_expression_is_on_the_page(page: str) -> None:
    expression = 'hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()'
    assert expression in text_of(page)


@given(st.text())
def test_a_description_adds_no_element_of_its_own(text: str) -> None:
    assert isinstance(to_html(f"<script>{text}"), Markup)
    assert "<script" not in to_html(f"<script>{text}")


def test_a_list_and_an_optional_object_are_looked_into() -> None:
    schemas = {"One": {"properties": {"size": {"type": "integer"}}, "required": ["size"]}}
    one = {"$ref": "#/components/schemas/One"}
    outer = {
        "properties": {
            "many": {"type": "array", "items": one, "maxItems": 3},
            "maybe": {"anyOf": [one, {"type": "null"}]},
        }
    }
    many, maybe = fields_of(outer, schemas, is_request=True)
    assert (many.rules, maybe.rules) == ("list of objects, at most 3 items, optional", "object, optional")
    assert [each.name for each in (*many.fields, *maybe.fields)] == ["size", "size"]
