"""The kernel's promises, as one specification class. `test_kernel.py` runs it by inheritance.

One ledger process serves all tests of the class; each test uses its own accounts.
"""

import json
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import bson
import pytest
from aiokafka.errors import MessageSizeTooLargeError

from services.common.domain.identifiers import derived_id, reference_of
from services.common.domain.poison import DISCARDED
from services.common.messaging.records.positions import moment
from services.common.store.timelines import MAX_TIMELINE_BYTES
from tests.integration.kernel.harness import Bench, Headers
from tests.integration.kernel.ledger import UNLUCKY
from tests.integration.kernel.operations import discard, letter_of, reason, redrive, transactions
from tests.support import topics
from tests.support.waiting import eventually


def unreadable() -> dict[str, tuple[str, dict[str, Any]]]:
    """Unreadable records: name → the reason on their dead letter, and what they differ in from a valid record."""
    entry = {"request_id": None, "amount": 1}
    plain: Headers = [("ce_id", b"x"), ("ce_type", b"TYPE"), ("ce_specversion", b"1.0"), ("ce_source", b"tests")]
    return {
        "not JSON": ("not-json", {"value": b"{not json"}),
        "not UTF-8": ("not-json", {"value": b'{"reference": "\xff"}'}),
        "wrong schema": ("schema:/amount:int_parsing", {"value": entry | {"amount": "many"}}),
        "a missing field": ("schema:/amount:missing", {"value": {"request_id": None}}),
        "a null value": ("null-value", {"value": None}),
        "a null key and value": ("null-key", {"value": None, "key": None}),
        "a key that is no id": ("key-not-uuid", {"key": b"\xff\xfe"}),
        "another key than its data": ("key-mismatch", {"value": entry | {"request_id": str(UUID(int=7))}}),
        "another reference than its id's": ("reference-mismatch", {"value": entry | {"reference": "PO-00000-00000-0"}}),
        "a null header": ("header-ce_id-null", {"headers": [("ce_id", None), *plain[1:]]}),
        "a header not in UTF-8": ("header-ce_id-utf8", {"headers": [("ce_id", b"\xff"), *plain[1:]]}),
        "a header with a NUL": ("header-ce_id-zero-byte", {"headers": [("ce_id", b"x\0"), *plain[1:]]}),
        "a header twice": ("header-ce_id-twice", {"headers": [*plain, plain[0]]}),
        "no id": ("header-ce_id-missing", {"headers": plain[1:]}),
        "no type": ("header-ce_type-missing", {"headers": [plain[0], *plain[2:]]}),
        "no version": ("header-ce_specversion-missing", {"headers": [*plain[:2], plain[3]]}),
        "another version": (
            "header-ce_specversion-other",
            {"headers": [*plain[:2], ("ce_specversion", b"1.1"), plain[3]]},
        ),
        "no source": ("header-ce_source-missing", {"headers": plain[:3]}),
        "an empty source": ("header-ce_source-missing", {"headers": [*plain[:3], ("ce_source", b"")]}),
        "a long source": ("header-ce_source-too-long", {"headers": [*plain[:3], ("ce_source", b"x" * 256)]}),
        "a source twice": ("header-ce_source-twice", {"headers": [*plain, plain[3]]}),
        "an unknown type": (
            "unknown-type",
            {"headers": [plain[0], ("ce_type", b"pt.postigo.nothing.known.v9"), *plain[2:]]},
        ),
        "a redrive header of nonsense": ("redrive-header", {"more": [("dlq-redrive", b"a b c d e")]}),
        "a redrive header beyond time": ("redrive-header", {"more": [("dlq-redrive", b"g t 0 1 9999999999999999")]}),
        "900 KiB": ("too-large", {"value": b" " * 900 * 1024}),
    }


async def is_answered(ledger: Bench, sent: Any, reason: str) -> bool:
    """Whether the author of the record at the position `sent` was answered, once."""
    return [each for each in await ledger.answers() if each[:2] == (sent.partition, sent.offset)] == [
        (sent.partition, sent.offset, reason)
    ]


class KernelSpec:
    """The promises that hold for every consumer of Postigo."""

    async def test_entries_are_booked_once_and_in_order(self, ledger: Bench) -> None:
        keys = [uuid4() for _ in range(5)]
        for amount in range(1, 101):
            for key in keys:
                await ledger.enter(key, amount)
        await ledger.settled()

    async def test_a_record_delivered_again_changes_nothing(self, ledger: Bench) -> None:
        key = uuid4()
        for _ in range(3):
            await ledger.enter(key, 1)
        ledger.entered[str(key)] = [1]
        await ledger.enter(key, 2)
        await ledger.settled()

    async def test_a_creation_event_is_booked_once_whether_its_account_exists_or_not(self, ledger: Bench) -> None:
        key, other = uuid4(), uuid4()
        await ledger.enter(key, 1, opens=True)
        await ledger.enter(other, 1)
        await ledger.settled()
        for _ in range(2):
            await ledger.enter(key, 1, opens=True)
            await ledger.enter(other, 2, "second", opens=True)
        await ledger.enter(key, 2, opens=True)
        await ledger.enter(key, 3)
        ledger.entered[str(key)] = [1, 2, 3]
        ledger.entered[str(other)] = [1, 2]
        await ledger.settled()

    async def test_the_same_id_with_other_bytes_is_dead_lettered(self, ledger: Bench) -> None:
        key = uuid4()
        await ledger.enter(key, 1)
        first = str(derived_id("test", str(key), 1, "book"))
        record = await ledger.enter(key, 99, id=first)
        await ledger.enter(key, 2)
        await ledger.settled()
        assert await reason(ledger, record) == "id-reused"

    @pytest.mark.parametrize("name", unreadable())
    async def test_an_unreadable_record_is_dead_lettered_byte_for_byte(self, name: str, ledger: Bench) -> None:
        reason, flaw = unreadable()[name]
        key, neighbour = uuid4(), uuid4()
        value = flaw.get("value", {"request_id": None, "amount": 1})
        if isinstance(value, dict):
            names = {
                "request_id": value["request_id"] or str(key),
                "reference": value.get("reference", reference_of(key)),
            }
            value = json.dumps(value | names).encode()
        headers = [
            (header, ledger.ledger.entered.TYPE.encode() if text == b"TYPE" else text)
            for header, text in [
                *flaw.get("headers", topics.attributes(ledger.ledger.entered.TYPE, "bad")),
                *flaw.get("more", ()),
            ]
        ]
        await ledger.enter(neighbour, 1)
        sent = await topics.append(
            ledger.producer, ledger.ledger.entries, flaw.get("key", str(key).encode()), value, headers
        )
        await ledger.enter(neighbour, 2)
        await ledger.settled()
        letter = await letter_of(ledger, sent)
        dlq = {header: text for header, text in letter.headers if header.startswith("dlq-")} | {"dlq-redrive": b""}
        assert dlq["dlq-reason"] == reason.encode()
        assert dlq["dlq-group"] == f"{ledger.ledger.prefix}-accounts".encode()
        assert [pair for pair in letter.headers if pair[0] not in dlq] == [
            pair for pair in headers if pair[0] not in dlq
        ]
        await eventually(partial(is_answered, ledger, sent, reason))
        assert letter.value == value
        assert letter.key == flaw.get("key", str(key).encode()) or (letter.key == b"" and "dlq-null-key" in dlq)

    @pytest.mark.parametrize("mebibytes", [6, 8, 64, 90, 150])
    async def test_a_batch_that_unpacks_to_more_than_the_topics_limit_is_rejected_and_the_consumer_goes_on(
        self, mebibytes: int, ledger: Bench
    ) -> None:
        key = uuid4()
        await ledger.enter(key, 1)
        with pytest.raises(MessageSizeTooLargeError):
            await topics.append_bomb(ledger.env["KAFKA_URL"], ledger.ledger.entries, mebibytes)
        await ledger.enter(key, 2)
        await ledger.settled()

    @pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
    async def test_compressed_records_of_a_department_are_read(self, codec: str, ledger: Bench) -> None:
        key = uuid4()
        plain, ledger.producer = ledger.producer, await topics.producer(ledger.env["KAFKA_URL"], compression_type=codec)
        try:
            for amount in range(1, 40):
                await ledger.enter(key, amount)
        finally:
            await ledger.producer.stop()
            ledger.producer = plain
        await ledger.settled()

    async def test_a_department_may_use_transactions_and_aborted_records_are_not_processed(self, ledger: Bench) -> None:
        """Transaction markers and aborted records take offsets, but are never delivered."""
        keys = [uuid4() for _ in range(3)]
        async with transactions(ledger) as writer:
            for amount in range(1, 5):
                async with writer.transaction():
                    for key in keys:
                        await ledger.enter(key, amount)
                with suppress(ZeroDivisionError):
                    async with writer.transaction():
                        for key in keys:
                            await ledger.enter(key, 100 + amount, "aborted")
                        raise ZeroDivisionError
        await ledger.settled()
        for key in keys:
            await ledger.enter(key, 5)
        await ledger.settled()

        async def nothing_waits() -> bool:
            _, body = await ledger.probe("/health/ready")
            return set(body["lag"].values()) == {0}

        await eventually(nothing_waits)

    async def test_a_timer_fires_although_the_log_ends_with_a_transaction_marker(self, ledger: Bench) -> None:
        key = uuid4()
        async with transactions(ledger) as writer, writer.transaction():
            await ledger.enter(key, 1, "timer")

        async def closed() -> bool:
            return (await ledger.account(key)).get("due") == []

        await eventually(closed)

    async def test_a_refusal_publishes_a_fact_and_books_nothing(self, ledger: Bench) -> None:
        key = uuid4()
        await ledger.enter(key, 1)
        await ledger.enter(key, 5, "refusal")

        async def published() -> bool:
            return [line["amount"] for line in (await ledger.booked())[str(key)]] == [1, 5]

        await eventually(published)
        assert (await ledger.account(key))["state"]["entries"] == [1]
        del ledger.entered[str(key)]

    async def test_poison_is_dead_lettered_and_the_consumer_goes_on(self, ledger: Bench) -> None:
        key = uuid4()
        await ledger.enter(key, 1)
        poison = await ledger.enter(key, 2, "poison")
        await ledger.enter(key, 3)
        await ledger.settled()
        assert await reason(ledger, poison) == "impossible"
        await eventually(partial(is_answered, ledger, poison, "impossible"))
        assert not (await ledger.account(key))["blocked"]

    async def test_a_long_timeline_is_stored_whole_and_its_document_stays_small(self, ledger: Bench) -> None:
        key = uuid4()
        for amount in range(1, 21):
            await ledger.enter(key, amount, "bulky")
        await ledger.settled()
        await ledger.enter(key, 21)
        await ledger.settled()
        account = await ledger.account(key)
        assert len(bson.encode(account)) < MAX_TIMELINE_BYTES
        assert len((await ledger.timelines())[str(key)]) == 21

    async def test_an_event_over_the_size_limit_makes_its_record_poison(self, ledger: Bench) -> None:
        key = uuid4()
        huge = await ledger.enter(key, 1, "huge")
        await ledger.enter(key, 2)
        await ledger.settled()
        assert await reason(ledger, huge) == "event-too-large"

    async def test_an_event_for_a_missing_topic_parks_its_record(self, ledger: Bench) -> None:
        key, neighbour = uuid4(), uuid4()
        nowhere = await ledger.enter(key, 1, "nowhere")
        await ledger.enter(neighbour, 1)
        await ledger.settled()
        assert await reason(ledger, nowhere) == "bug:TopicMissing"
        assert (await ledger.account(key))["state"] is None

    async def test_our_bug_blocks_one_document_and_redrives_in_order_unblock_it(self, ledger: Bench) -> None:
        key, neighbour = uuid4(), uuid4()
        # The first record has the id of a bug entry; its redrive has the bytes of a normal one.
        records = [
            await ledger.enter(key, 1, "bug"),
            await ledger.enter(key, 2, id=f"{key}-2"),
            await ledger.enter(key, 3, id=f"{key}-3"),
        ]
        await ledger.enter(neighbour, 1)
        await ledger.settled()
        blocked = (await ledger.account(key))["blocked"]
        assert [parked["offset"] for parked in blocked] == [record.offset for record in records]
        assert not [each for each in await ledger.answers() if each[:2] == (records[0].partition, records[0].offset)]

        await redrive(ledger, key, records[1], 2)  # not the head: it stays parked
        await redrive(ledger, key, records[0], 1)
        for record, amount in zip(records[1:], (2, 3), strict=True):
            await redrive(ledger, key, record, amount)
        ledger.entered[str(key)] = [1, 2, 3]
        await ledger.settled()
        account = await ledger.account(key)
        assert account["blocked"] == []
        assert account["inbox"][0]["at"] == moment(records[0].timestamp), "decided with the time of the first append"

    async def test_a_redriven_record_that_is_poison_unblocks_the_next_one(self, ledger: Bench) -> None:
        key = uuid4()
        first = await ledger.enter(key, 1, "bug")
        second = await ledger.enter(key, 2, id=f"{key}-2")
        await ledger.enter(uuid4(), 1)
        await ledger.settled()
        await redrive(ledger, key, first, 1, how="poison")
        await eventually(partial(is_answered, ledger, first, "impossible"))
        await redrive(ledger, key, second, 2)
        ledger.entered[str(key)] = [2]
        await ledger.settled()
        assert (await ledger.account(key))["blocked"] == []

    async def test_a_discarded_record_unblocks_the_next_one(self, ledger: Bench) -> None:
        key = uuid4()
        first = await ledger.enter(key, 1, "bug")
        second = await ledger.enter(key, 2, id=f"{key}-2")
        await ledger.enter(uuid4(), 1)
        await ledger.settled()
        await discard(ledger, key, first, group="another")
        await redrive(ledger, key, second, 2)  # not the head yet: it stays parked
        await discard(ledger, key, first)
        await redrive(ledger, key, second, 2)
        ledger.entered[str(key)] = [2]
        await ledger.settled()
        assert (await ledger.account(key))["blocked"] == []
        assert await is_answered(ledger, first, DISCARDED)

    async def test_a_discarded_record_with_its_content_is_decided_once_and_never_applied(self, ledger: Bench) -> None:
        key = uuid4()
        await ledger.enter(key, 1)
        first = await ledger.enter(key, 2, "bug")
        again = await ledger.enter(key, 2, "bug")
        await ledger.enter(uuid4(), 1)
        await ledger.settled()
        for _ in range(2):
            await discard(ledger, key, first, bug=2)
        await redrive(ledger, key, again, 2, how="bug", id=str(derived_id("test", str(key), 2, "bug")))

        async def published() -> bool:
            return [line["amount"] for line in (await ledger.booked())[str(key)]] == [1, 0]

        await eventually(published)
        await ledger.settled()
        account = await ledger.account(key)
        assert (account["blocked"], account["state"]["entries"]) == ([], [1])

    async def test_events_and_dead_letters_of_a_quiet_record_are_quiet(self, ledger: Bench) -> None:
        key = uuid4()
        first = await ledger.enter(key, 1, "bug")
        await ledger.enter(uuid4(), 1)
        await ledger.settled()
        await redrive(ledger, key, first, 1, how="bug", quiet=True)
        await redrive(ledger, key, first, 1, quiet=True)
        ledger.entered[str(key)] = [1]
        await ledger.settled()
        quiet = [
            topics.header(record, "ce_quiet")
            for record in await topics.read_all(ledger.env["KAFKA_URL"], ledger.ledger.bookings)
            if record.key == str(key).encode()
        ]
        assert quiet == ["1"]
        letters = [letter for letter in await ledger.letters() if letter.key == str(key).encode()]
        assert [topics.header(letter, "dlq-quiet") for letter in letters] == [None, "1"]

    async def test_our_bug_in_a_projection_or_an_inserter_leaves_a_dead_letter_and_the_consumer_goes_on(
        self, ledger: Bench
    ) -> None:
        key = uuid4()
        await ledger.enter(uuid4(), 1, "unreadable-view")
        await ledger.enter(key, 1)
        await ledger.settled()

        async def dead_lettered() -> bool:
            letters = await topics.read_all(ledger.env["KAFKA_URL"], *ledger.ledger.view_letters)
            return [topics.header(letter, "dlq-reason") for letter in letters] == ["bug:AssertionError"] * 2

        await eventually(dead_lettered)

    async def test_a_record_redriven_for_another_group_is_skipped(self, ledger: Bench) -> None:
        key = uuid4()
        record = await ledger.enter(key, 1)
        await redrive(ledger, key, record, 55, group="another")
        await ledger.enter(key, 2)
        await ledger.settled()

    async def test_a_redrive_header_with_a_forged_signature_is_dead_lettered(self, ledger: Bench) -> None:
        key = uuid4()
        record = await ledger.enter(key, 1)
        forged = await redrive(ledger, key, record, 2, secret="f" * 64)
        await ledger.enter(key, 3)
        await ledger.settled()
        assert await reason(ledger, forged) == "redrive-header"

    async def test_a_timer_fires_once(self, ledger: Bench) -> None:
        key = uuid4()
        await ledger.enter(key, 1, "timer")

        async def closed() -> bool:
            return [line["amount"] for line in (await ledger.booked())[str(key)]] == [1, 0]

        await eventually(closed)
        account = await ledger.account(key)
        assert account["due"] == []
        assert account["state"]["closes_at"] is None

    async def test_a_timer_that_fails_by_our_bug_does_not_delay_others(self, ledger: Bench) -> None:
        broken, sound = uuid4(), uuid4()
        await ledger.enter(broken, UNLUCKY, "timer")
        await ledger.enter(sound, 1, "timer")

        async def closed() -> bool:
            return (await ledger.account(sound)).get("due") == []

        await eventually(closed)
        assert (await ledger.account(broken))["due"] != []
