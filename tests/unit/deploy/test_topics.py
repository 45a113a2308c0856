"""The topics in `topics.yaml`, and the errors for invalid declarations."""

import pytest

from deploy.topics import Topic, TopicsError, load, parse

DAY_MS = 24 * 60 * 60 * 1000
DEPARTMENTS = ["pf", "dd", "dp", "cnp", "drp", "ds", "din", "cc", "uce", "div", "int", "acd", "rec", "fis", "tri"]
GROUPS = {
    "intake": {"requests.intake.v1", "requests.assignments.v1", "documents.lifecycle.v1"},
    "routing": {"requests.lifecycle.v1", *(f"departments.{code}.outbox.v1" for code in DEPARTMENTS)},
    "documents": {"requests.lifecycle.v1"},
    "notifications": {"requests.lifecycle.v1"},
    "gateway-desk": {f"departments.{code}.inbox.v1" for code in DEPARTMENTS},
    "gateway-views": {
        "requests.intake.v1",
        "requests.lifecycle.v1",
        "requests.restated.v1",
        "notifications.deliveries.v1",
    },
    "gateway-births": {"registry.events.v1"},
}

SMALL = """
defaults: {partitions: 2, replication_factor: 3, config: {retention.ms: 1d, min.insync.replicas: 2}}
dead_letters: {partitions: 1, config: {max.message.bytes: 16MiB}}
topics: [%s]
"""


@pytest.fixture(scope="module")
def declared() -> dict[str, Topic]:
    return {topic.name: topic for topic in load()}


def test_every_department_has_its_three_topics(declared: dict[str, Topic]) -> None:
    for code in DEPARTMENTS:
        partitions = {kind: declared[f"departments.{code}.{kind}.v1"].partitions for kind in _KINDS}
        assert partitions == _KINDS
    assert len([name for name in declared if name.endswith(".inbox.v1")]) == len(DEPARTMENTS)


def test_there_is_one_dead_letter_topic_for_each_topic_and_reader(declared: dict[str, Topic]) -> None:
    wanted = {f"{topic}.dlq.{group}" for group, topics in GROUPS.items() for topic in topics}
    found = {name for name in declared if ".dlq." in name}

    assert found == wanted
    assert {declared[name].partitions for name in found} == {1}
    assert {declared[name].config["max.message.bytes"] for name in found} == {str(16 * 1024 * 1024)}


def test_topics_of_aggregates_have_twelve_partitions_so_that_one_member_gets_all_records_of_a_request(
    declared: dict[str, Topic],
) -> None:
    read_by_aggregates = {topic for group in ("intake", "routing", "documents") for topic in GROUPS[group]}

    assert {declared[name].partitions for name in read_by_aggregates} == {12}


def test_every_topic_uses_the_brokers_time_and_is_never_compacted(declared: dict[str, Topic]) -> None:
    for topic in declared.values():
        assert topic.config["message.timestamp.type"] == "LogAppendTime"
        assert topic.config["cleanup.policy"] == "delete"
        assert topic.config["segment.ms"] == str(DAY_MS)


def test_records_are_kept_for_the_days_the_contract_says(declared: dict[str, Topic]) -> None:
    days = {"requests.restated.v1": 1, "registry.events.v1": 7, "employers.notices.v1": 7, "operations.audit.v1": 365}
    for name, topic in declared.items():
        source, _, _ = name.partition(".dlq.")
        assert topic.config["retention.ms"] == str(days.get(source, 29) * DAY_MS), name


def test_a_single_node_changes_only_the_replication(declared: dict[str, Topic]) -> None:
    topic = declared["requests.intake.v1"]
    alone = topic.on_one_node()

    assert (topic.replication_factor, topic.config["min.insync.replicas"]) == (3, "2")
    assert (alone.replication_factor, alone.config["min.insync.replicas"]) == (1, "1")
    assert {**alone.config, "min.insync.replicas": "2"} == topic.config


def test_a_family_expands_to_a_topic_for_each_department_and_reader() -> None:
    names = [topic.name for topic in parse(SMALL % "{name: 'to.{code}.v1', readers: [x, y]}")]

    assert names == [
        name for code in sorted(DEPARTMENTS) for name in (f"to.{code}.v1", f"to.{code}.v1.dlq.x", f"to.{code}.v1.dlq.y")
    ]


@pytest.mark.parametrize(
    ("topics", "expected"),
    [
        ("{name: 'Requests'}", "'Requests' is not a valid name for a topic."),
        ("{name: a.v1}, {name: a.v1}", "a.v1 is declared twice."),
        ("{name: a.v1, partitions: 0}", "at topics.0.partitions: Input should be greater than or equal to 1."),
        ("{name: a.v1, partition: 3}", "at topics.0.partition: Extra inputs are not permitted."),
        ("{name: a.v1, config: {retention.ms: 3weeks}}", "retention.ms is 3weeks, and weeks is none of s, min, h, d."),
        ("", "at topics: List should have at least 1 item after validation, not 0."),
    ],
)
def test_an_error_in_a_declaration_names_the_position(topics: str, expected: str) -> None:
    with pytest.raises(TopicsError) as error:
        parse(SMALL % topics)

    assert str(error.value) == expected


def test_invalid_yaml_is_rejected() -> None:
    with pytest.raises(TopicsError, match=r"^it is not YAML"):
        parse("topics: [")


_KINDS = {"inbox": 6, "outbox": 12, "rejections": 1}
