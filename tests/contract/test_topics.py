"""`deploy/topics.yaml` declares the topics that the contracts and the catalogue need."""

from deploy import topics as declared
from services.common.catalogue import catalogue
from services.common.contracts import declared as contracts, topics


def test_every_department_of_the_catalogue_has_its_three_topics() -> None:
    names = {topic.name for topic in declared.load()}
    for code in catalogue().departments:
        assert {topics.inbox(code), topics.outbox(code), topics.rejections(code)} <= names


def test_no_topic_is_declared_for_a_department_that_does_not_exist() -> None:
    codes = {name.split(".")[1] for topic in declared.load() if (name := topic.name).startswith("departments.")}
    assert codes == set(catalogue().departments)


def test_every_contract_has_a_topic() -> None:
    families = {topics.family(topic.name) for topic in declared.load()}
    assert set(contracts()) - {""} <= families


def test_the_topics_of_intake_routing_and_documents_have_the_same_number_of_partitions() -> None:
    """One member then holds a request's partition of every topic it consumes."""
    partitions = {topic.name: topic.partitions for topic in declared.load()}
    read = [topics.INTAKE, topics.LIFECYCLE, topics.ASSIGNMENTS, topics.DOCUMENTS]
    read += [topics.outbox(code) for code in catalogue().departments]
    assert {partitions[name] for name in read} == {topics.REQUEST_PARTITIONS}
