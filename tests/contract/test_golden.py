"""Published events stay readable for all of v1, and are still published in the same form."""

from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from deploy.contracts.files import FOLDER
from deploy.contracts.headers import HEADER_SCHEMAS, header_schema_name
from deploy.contracts.schemas import models, schema_of
from services.common.contracts import PublishedEvent, topics
from services.common.contracts.commands import Command
from services.common.contracts.employers import EmployerNotice
from services.common.domain.errors import Poison
from services.common.messaging.records.positions import moment
from services.common.messaging.records.reader import read
from services.common.messaging.records.writer import outbox_entry
from tests.contract.golden_records import APPENDED, Golden, golden_records

RECORDS = golden_records()
PUBLISHED = [golden for golden in RECORDS if issubclass(golden.model, PublishedEvent)]
COMMANDS = [golden for golden in RECORDS if issubclass(golden.model, Command)]


def test_every_event_has_a_golden_record() -> None:
    assert {str(golden) for golden in RECORDS} == set(models())


@pytest.mark.parametrize("golden", RECORDS, ids=str)
def test_every_field_of_a_golden_record_is_read(golden: Golden) -> None:
    received = read(golden.record())
    fields = received.event.model_dump(mode="json")
    assert {name: fields.get(name) for name in golden.value} == golden.value
    assert (received.id, received.key, received.topic) == (golden.headers["ce_id"], golden.key, golden.topic)


@pytest.mark.parametrize("golden", RECORDS, ids=str)
def test_a_golden_record_fits_the_published_schema(golden: Golden) -> None:
    Draft202012Validator(schema_of(golden.model)).validate(golden.value)


def newer(golden: Golden) -> Golden:
    return Golden(golden.topic, golden.key, golden.headers | {"ce_new": "1"}, golden.value | {"new_field": {"a": 1}})


@pytest.mark.parametrize("golden", PUBLISHED, ids=str)
def test_a_reader_ignores_headers_and_fields_of_a_newer_writer(golden: Golden) -> None:
    assert read(newer(golden).record()).event == read(golden.record()).event


@pytest.mark.parametrize("golden", COMMANDS, ids=str)
def test_a_field_that_a_command_does_not_have_is_refused_and_breaks_its_schema(golden: Golden) -> None:
    with pytest.raises(Poison, match="schema:/new_field:extra_forbidden"):
        read(newer(golden).record())
    assert not Draft202012Validator(schema_of(golden.model)).is_valid(newer(golden).value)


@pytest.mark.parametrize(
    "decided",
    [
        {"outcome": "refused", "grounds": "Artigo 5.º"},
        {"outcome": "granted"},
        {"outcome": "unknown"},
        {"grounds": "Artigo 5.º"},
        {"outcome": "informed", "appeal": {"means": "Reclamação", "until": "2026-06-01"}},
    ],
    ids=str,
)
def test_a_decision_that_lacks_or_contradicts_something_breaks_its_schema(decided: dict[str, Any]) -> None:
    golden = next(each for each in COMMANDS if str(each) == "pt.postigo.assignment.resolve.v1")
    spoken = {name: value for name, value in golden.value.items() if name not in ("outcome", "grounds", "appeal")}
    wrong = Golden(golden.topic, golden.key, golden.headers, spoken | decided)
    assert Draft202012Validator(schema_of(golden.model)).is_valid(spoken)
    assert not Draft202012Validator(schema_of(golden.model)).is_valid(wrong.value)
    with pytest.raises(Poison, match="schema:"):
        read(wrong.record())


@pytest.mark.parametrize("key", ["20000002027", "", "e295a880-8d92-bcba-e2aa-ab598365fe53", "2000000101\xe9"])
def test_a_notice_under_the_key_of_another_employer_is_refused(key: str) -> None:
    (golden,) = [each for each in RECORDS if issubclass(each.model, EmployerNotice)]
    with pytest.raises(Poison, match="key-mismatch"):
        read(Golden(golden.topic, key, golden.headers, golden.value).record())


@pytest.mark.parametrize("golden", RECORDS, ids=str)
def test_the_headers_of_a_golden_record_fit_the_published_schema(golden: Golden) -> None:
    Draft202012Validator(HEADER_SCHEMAS[header_schema_name(golden.model)]).validate(golden.headers)


@pytest.mark.parametrize("golden", PUBLISHED, ids=str)
def test_the_kernel_publishes_it_with_the_same_topic_key_and_headers(golden: Golden) -> None:
    event = golden.model.model_validate(golden.value)
    assert isinstance(event, PublishedEvent)
    record = outbox_entry(
        event,
        id=golden.headers["ce_id"],
        source=golden.headers["ce_source"].removeprefix("postigo/"),
        cause=golden.headers["ce_causationid"],
        correlation=golden.headers["ce_correlationid"],
        at=moment(APPENDED),
        traceparent=golden.headers["traceparent"],
    )
    assert (record.topic, record.key, dict(record.headers)) == (golden.topic, golden.key, golden.headers)
    assert golden.headers["ce_dataschema"] == schema_of(type(event))["$id"]


def test_asyncapi_has_no_operation_of_ours_on_the_topic_of_employers() -> None:
    document: dict[str, Any] = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))
    used = {operation["channel"]["$ref"].removeprefix("#/channels/") for operation in document["operations"].values()}
    assert document["channels"].keys() - used == {topics.EMPLOYERS}


def test_asyncapi_names_every_topic_and_only_schemas_that_exist() -> None:
    document: dict[str, Any] = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))
    addresses = {channel["address"].replace("{code}", "*") for channel in document["channels"].values()}
    assert {topics.family(golden.topic) for golden in RECORDS} <= addresses
    for message in document["components"]["messages"].values():
        assert (FOLDER / message["payload"]["schema"]["$ref"]).is_file()
