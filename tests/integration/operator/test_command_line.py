"""`postigo dlq`, `replay` and `views rebuild`, typed by a person at a house that runs."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from services.common.contracts import topics as names
from services.common.contracts.operations import OperationBegun, OperationFact
from services.common.domain.identifiers import reference_of
from services.common.messaging.records.reader import read
from services.common.store import said_between
from tests.integration.operator.counter import FREE, STUCK, WORDS, Counter
from tests.support import topics
from tests.support.waiting import eventually


async def recorded(counter: Counter) -> list[OperationFact]:
    records = await topics.read_all(counter.stack.env["KAFKA_URL"], names.OPERATIONS)
    return [event for each in records if isinstance(event := read(each).event, OperationFact)]


async def test_a_letter_is_listed_shown_and_given_up(counter: Counter) -> None:
    letter = await counter.garbage()
    listed = await counter.postigo("dlq", "list", "--where", f"letter={letter}")
    assert "1 record set aside:" in listed.out
    assert "intake  requests.intake.v1        1" in listed.out
    each = await counter.postigo("dlq", "list", "--each")
    assert letter in each.out
    shown = await counter.postigo("dlq", "show", letter)
    assert "not-json" in shown.out
    assert "it may be brought back" in shown.out

    for typed in (("--reason", "nobody can read it"), ("--reason", "nobody can read it", "--yes")):
        discarded = await counter.postigo("dlq", "discard", "--where", f"letter={letter}", *typed)
        assert discarded.code == 0, discarded.err
    assert discarded.out == "1 record given up.\n"
    assert (await counter.postigo("dlq", "list", "--where", f"letter={letter}")).out == "No dead letter fits that.\n"
    assert "it needs nobody any more" in (await counter.postigo("dlq", "show", letter)).out


async def test_a_dry_run_appends_nothing_and_says_so(counter: Counter) -> None:
    letter = await counter.garbage()
    before = await topics.read_all(counter.stack.env["KAFKA_URL"], names.INTAKE)
    said = await counter.postigo("dlq", "redrive", "--where", f"letter={letter}")
    assert said.out.startswith("1 record would be brought back:\n")
    assert said.out.endswith("Nothing was done: this only says what would be. Add --yes to do it.\n")
    assert await topics.read_all(counter.stack.env["KAFKA_URL"], names.INTAKE) == before


async def test_what_fails_once_more_is_told_and_ends_with_code_one(counter: Counter) -> None:
    letter = await counter.garbage()
    said = await counter.postigo("dlq", "redrive", "--where", f"letter={letter}", "--yes")
    assert said.code == 1
    assert said.out.startswith("0 records brought back.\n")
    assert "it failed once more (not-json)" in said.out


async def test_requests_on_hold_come_back_once_what_they_lacked_is_there(counter: Counter) -> None:
    """A department's inbox was missing: each of its requests waits, with all that came behind."""
    stuck = [await counter.submit(STUCK) for _ in range(3)]
    for request_id in stuck:
        await counter.until("routing", "assignments", {"_id": str(request_id), "blocked.0": {"$exists": True}})
    listed = await counter.postigo("dlq", "list", "--where", "group=routing")
    assert "bug:TopicMissing" in listed.out
    assert all(str(request_id) in listed.out for request_id in stuck)

    applied = await counter.postigo(
        "topics", "apply", "--replicas", "1", "--min-insync", "1", home=False, env=counter.stack.env
    )
    assert applied.code == 0, applied.err
    done = await counter.postigo(
        "dlq", "redrive", "--where", "group=routing", "--as", "Ana", "--reason", "the inbox is there", "--yes"
    )

    assert (done.code, done.out) == (0, "3 records brought back.\n")
    for request_id in stuck:
        await counter.until("intake", "requests", {"_id": reference_of(request_id), "state.department": STUCK})
    assert (await counter.postigo("dlq", "list", "--where", "group=routing")).out == "No dead letter fits that.\n"
    begun = [fact for fact in await recorded(counter) if isinstance(fact, OperationBegun) and fact.name == "Ana"]
    assert [(each.action, each.planned, each.reason) for each in begun] == [("redrive", 3, "the inbox is there")]


async def test_what_a_person_wrote_is_shown_only_when_asked_for_with_a_reason_and_that_is_on_record(
    counter: Counter,
) -> None:
    letter = await counter.garbage()
    plain = [
        await counter.postigo(*typed)
        for typed in (
            ("dlq", "list", "--each"),
            ("dlq", "list", "--json"),
            ("dlq", "show", letter),
            ("dlq", "show", letter, "--json"),
        )
    ]
    assert not any(WORDS in said.out + said.err for said in plain)
    refused = await counter.postigo("dlq", "show", letter, "--bytes")
    assert refused.code == 1
    assert "say with --reason why" in refused.err
    shown = await counter.postigo("dlq", "show", letter, "--bytes", "--reason", "a call to the help desk")
    assert WORDS in shown.out
    reveals = [fact for fact in await recorded(counter) if isinstance(fact, OperationBegun) and fact.action == "reveal"]
    assert [(fact.reason, fact.terms) for fact in reveals] == [("a call to the help desk", {"letter": letter})]
    log = counter.stack.home.log("operator").read_text()
    assert WORDS not in log
    assert all(orjson.loads(line)["event"] == "operation ended" for line in log.splitlines())


async def test_a_replay_is_said_before_it_is_done(counter: Counter) -> None:
    request_id = await counter.submit(FREE)
    await counter.until("intake", "requests", {"_id": reference_of(request_id), "state.department": FREE})
    what = ("replay", "--topic", names.INTAKE, "--group", "intake", "--from", "2026-01-01T00:00Z")
    said = await counter.postigo(*what)
    assert "would be taken once more" in said.out
    assert "Nobody would be told of it." in said.out
    before_all_time = await counter.postigo(*what[:-1], "1960-01-01T00:00Z", "--json")
    assert {span["from"] for span in before_all_time.json["spans"]} == {0}, "the start of the log"
    before = await counter.until("intake", "requests", {"_id": reference_of(request_id)})
    done = await counter.postigo(*what, "--yes", "--json")
    assert done.json["done"]
    assert done.json["taken"] >= 1
    assert await counter.until("intake", "requests", {"_id": reference_of(request_id)}) == before


async def views(counter: Counter) -> dict[str, Any]:
    found = await counter.database("gateway")["request_views"].find({}).to_list(None)
    return {view["_id"]: view["state"]["facts"] for view in found}


async def told(counter: Counter, requests: list[UUID]) -> dict[str, Any]:
    """The facts in the views, once those of the requests are all there."""

    async def probe() -> dict[str, Any]:
        found = await views(counter)
        assert all(len(found.get(reference_of(each), ())) == 2 for each in requests)
        return found

    return await eventually(probe)


async def test_views_that_are_lost_are_rebuilt_from_what_intake_keeps(counter: Counter) -> None:
    requests = [await counter.submit(FREE) for _ in range(5)]
    before = await told(counter, requests)
    dry = await counter.postigo("views", "rebuild")
    assert "would be said again to the views, which keep what they have." in " ".join(dry.out.split())
    await counter.database("gateway")["request_views"].delete_many({})

    done = await counter.postigo("views", "rebuild", "--from-start", "--yes", "--json")

    assert done.code == 0, done.err
    assert done.json["incomplete"] == 0
    assert await views(counter) == before
    await counter.postigo("views", "rebuild", "--from-start", "--yes")
    assert await views(counter) == before, "what is there stays as it is"


async def test_a_rebuild_that_is_killed_goes_on_from_there(counter: Counter) -> None:
    requests = [await counter.submit(FREE) for _ in range(5)]
    before = await told(counter, requests)
    await counter.database("gateway")["request_views"].delete_many({})
    killed = await counter.postigo(
        "views", "rebuild", "--from-start", "--yes", env={"POSTIGO_FAILPOINT": "operation-noted:kill@20"}
    )
    assert killed.code == -9
    goes_on = await counter.postigo("views", "rebuild")
    assert "has not ended (320 of 1024 slices): this goes on from there" in " ".join(goes_on.out.split())
    done = await counter.postigo("views", "rebuild", "--yes")
    assert done.code == 0, done.err
    assert await views(counter) == before
    assert "has not ended" not in (await counter.postigo("views", "rebuild")).out


async def test_what_is_said_again_is_what_was_said(counter: Counter) -> None:
    """The same ids, numbers and bytes, on the topic that only the worker reads."""
    requests = [await counter.submit(FREE) for _ in range(2)]
    await told(counter, requests)
    since = len(await topics.read_all(counter.stack.env["KAFKA_URL"], names.RESTATED))
    await counter.postigo("views", "rebuild", "--from-start", "--yes")
    lifecycle, restated = [
        {
            topics.header(record, "ce_id"): (
                record.key,
                record.value,
                topics.header(record, "ce_sequence"),
                topics.header(record, "ce_dataschema"),
            )
            for record in await topics.read_all(counter.stack.env["KAFKA_URL"], name)
        }
        for name in (names.LIFECYCLE, names.RESTATED)
    ]
    assert restated == lifecycle
    assert len(await topics.read_all(counter.stack.env["KAFKA_URL"], names.RESTATED)) > since
    kept = [
        each.id
        async for entries in said_between(
            counter.database("intake")["requests"], counter.database("intake")["timelines"], "PO-", "PO-~"
        )
        for each in entries
    ]
    assert set(kept) == set(lifecycle)


async def test_a_server_is_named_by_the_environment_and_only_whole(counter: Counter) -> None:
    env = counter.stack.env
    named = {name: env[name] for name in ("KAFKA_URL", "MONGO_URL", "POSTIGO_INTERNAL_SECRET")}
    letter = await counter.garbage()
    listed = await counter.postigo("dlq", "list", "--json", env=named, home=False)
    assert letter in {each["letter"] for each in listed.json["letters"]}
    half = await counter.postigo("dlq", "list", env={"KAFKA_URL": env["KAFKA_URL"]})
    assert half.code == 1
    assert "together; missing: MONGO_URL, POSTIGO_INTERNAL_SECRET. Set all three" in half.err
    done = await counter.postigo(
        "dlq", "discard", "--where", f"letter={letter}", "--reason", "no", "--yes", env=named, home=False
    )
    assert orjson.loads(done.err.splitlines()[-1])["action"] == "discard", "a server's line goes to standard error"


LETTERS = names.dead_letters(names.INTAKE, "intake")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("dlq", "list", "--where", "colour=red"), "'colour=red' does not say which letters"),
        (("dlq", "redrive", "--yes"), "Say which letters"),
        (("dlq", "discard", "--where", "group=intake", "--yes"), "say with --reason why"),
        (("dlq", "show", "nobody/7"), "There is no letter 'nobody/7'"),
        (("dlq", "show", f"{LETTERS}/{'9' * 5000}"), "There is no letter"),
        (("dlq", "discard", "--where", "group=intake", "--reason", "  ", "--yes"), "say with --reason why"),
        (("dlq", "show", f"{LETTERS}/0", "--bytes", "--reason", " \t "), "say with --reason why"),
        (("dlq", "show", f"{LETTERS}/999999"), f"There is no letter '{LETTERS}/999999'"),
        (
            ("replay", "--topic", names.LIFECYCLE, "--group", "intake", "--from", "0/0"),
            "choose one of documents, gateway-views",
        ),
        (("replay", "--topic", names.INTAKE, "--group", "intake", "--from", "2026-01-01"), "no point of a topic"),
        (("replay", "--topic", names.INTAKE, "--group", "intake", "--from", "99/0"), "has no partition 99"),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(typed: tuple[str, ...], said: str, counter: Counter) -> None:
    refused = await counter.postigo(*typed)
    assert refused.code == 1
    assert said in refused.err
    assert refused.err.count("\n") == 1


async def test_every_screen_fits_eighty_columns(counter: Counter) -> None:
    letter = await counter.garbage()
    screens = [
        ("dlq", "list"),
        ("dlq", "list", "--each"),
        ("dlq", "show", letter),
        ("dlq", "redrive", "--where", "reason=*"),
        ("dlq", "discard", "--where", "group=intake", "--reason", "r"),
        ("replay", "--topic", names.INTAKE, "--group", "intake", "--from", "2026-01-01T00:00Z"),
        ("replay", "--topic", names.INTAKE, "--group", "intake", "--from", "1960-01-01T00:00Z"),
        ("views", "rebuild"),
    ]
    for typed in screens:
        said = await counter.postigo(*typed)
        assert said.code == 0, said.err
        # A command to be typed is never broken.
        wide = [line for line in said.out.splitlines() if len(line) > 80 and "--home" not in line]
        assert not wide, typed
