"""A member of a consumer group that subscribes to other topics is another member."""

from services.common.messaging.consumer.faststream_subscriber import instance_id


def test_a_member_that_comes_back_with_other_topics_does_not_get_its_old_partitions() -> None:
    known = instance_id("routing", "1", ["departments.pf.outbox.v1", "requests.lifecycle.v1"])
    assert known == instance_id("routing", "1", ["requests.lifecycle.v1", "departments.pf.outbox.v1"])
    more = instance_id(
        "routing", "1", ["departments.pf.outbox.v1", "departments.new.outbox.v1", "requests.lifecycle.v1"]
    )
    assert len({known, more, instance_id("routing", "2", ["departments.pf.outbox.v1", "requests.lifecycle.v1"])}) == 3
