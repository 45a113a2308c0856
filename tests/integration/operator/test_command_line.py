"""`postigo dlq`, `replay` and `views rebuild` on a running stack."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from deploy.operator.identity import system_user
from services.common.contracts import topics as names
from services.common.contracts.operations import OperationBegun, OperationFact
from services.common.domain.identifiers import reference_of
from services.common.messaging.records.reader import read
from services.common.store import read_timelines
from tests.integration.operator.command_line_environment import FREE, WORDS, CommandLineEnvironment
from tests.support import stacks, topics
from tests.support.waiting import eventually


async def recorded(environment: CommandLineEnvironment) -> list[OperationFact]:
    records = await topics.read_all(environment.stack.env["KAFKA_URL"], names.OPERATIONS)
    return [event for each in records if isinstance(event := read(each).event, OperationFact)]


async def test_a_dead_letter_is_listed_shown_and_discarded(environment: CommandLineEnvironment) -> None:
    letter = await environment.unreadable_record()
    listed = await environment.postigo("dlq", "list", "--where", f"letter={letter}")
    assert "1 dead letter:" in listed.out
    assert "intake  requests.intake.v1        1" in listed.out
    each = await environment.postigo("dlq", "list", "--each")
    assert letter in each.out
    shown = await environment.postigo("dlq", "show", letter)
    assert "not-json" in shown.out
    assert "possible" in shown.out

    for typed in (("--reason", "it is unreadable"), ("--reason", "it is unreadable", "--yes")):
        discarded = await environment.postigo("dlq", "discard", "--where", f"letter={letter}", *typed)
        assert discarded.code == 0, discarded.err
    assert discarded.out == "1 record discarded.\n"
    assert (await environment.postigo("dlq", "list", "--where", f"letter={letter}")).out == "No dead letter matches.\n"
    assert "redriven or discarded" in (await environment.postigo("dlq", "show", letter)).out


async def test_a_dry_run_appends_nothing(environment: CommandLineEnvironment) -> None:
    letter = await environment.unreadable_record()
    before = await topics.read_all(environment.stack.env["KAFKA_URL"], names.INTAKE)
    result = await environment.postigo("dlq", "redrive", "--where", f"letter={letter}")
    assert result.out.startswith("1 record would be redriven:\n")
    assert result.out.endswith("Nothing was done: this was a dry run. Add --yes --reason WHY to do it.\n")
    assert await topics.read_all(environment.stack.env["KAFKA_URL"], names.INTAKE) == before


async def test_a_record_that_fails_again_is_reported_with_exit_code_one(environment: CommandLineEnvironment) -> None:
    letter = await environment.unreadable_record()
    result = await environment.postigo("dlq", "redrive", "--where", f"letter={letter}", "--yes", "--reason", "test")
    assert result.code == 1
    assert result.out.startswith("0 records redriven.\n")
    assert result.out.splitlines()[2].split() == ["group", "tried", "records", "why"]
    assert "it failed again (not-json)" in " ".join(result.out.split())


async def test_a_department_is_told_that_its_command_was_discarded(
    environment: CommandLineEnvironment, stuck: str
) -> None:
    request_id = await environment.submit(stuck)
    on_hold = {"_id": str(request_id), "blocked.0": {"$exists": True}}
    await environment.until("routing", "assignments", on_hold)
    sent = await environment.command(stuck, request_id, "pf/1/answer")
    await environment.until("routing", "assignments", on_hold | {"blocked.1": {"$exists": True}})

    discard = ("dlq", "discard", "--reason", "it cannot be repaired", "--yes", "--where")
    done = await environment.postigo(*discard, f"topic={names.outbox(stuck)}")

    assert (done.code, done.out) == (0, "1 record discarded.\n"), done.err
    (rejected,) = await topics.read_all(environment.stack.env["KAFKA_URL"], names.rejections(stuck))
    answer = orjson.loads(rejected.value or b"")
    assert (answer["code"], answer["command_id"]) == ("discarded", "pf/1/answer")
    assert (answer["command_partition"], answer["command_offset"]) == (sent.partition, sent.offset)
    assert (await environment.postigo(*discard, "group=routing")).out == "1 record discarded.\n"


async def test_blocked_requests_continue_after_the_cause_is_repaired(
    environment: CommandLineEnvironment, stuck: str
) -> None:
    """The inbox topic of a department is missing: each of its requests waits, and all later records of it too."""
    blocked = [await environment.submit(stuck) for _ in range(3)]
    for request_id in blocked:
        await environment.until("routing", "assignments", {"_id": str(request_id), "blocked.0": {"$exists": True}})
    listed = await environment.postigo("dlq", "list", "--where", "group=routing")
    assert "bug:TopicMissing" in listed.out
    assert all(str(request_id) in listed.out for request_id in blocked)

    applied = await environment.postigo(
        "topics", "apply", "--replicas", "1", "--min-insync", "1", home=False, env=environment.stack.env
    )
    assert applied.code == 0, applied.err
    done = await environment.postigo(
        *("dlq", "redrive", "--where", "group=routing", "--reason", "the inbox is there", "--yes"),
        env={"SUDO_USER": "somebody-else", "USER": "somebody-else", "LOGNAME": "somebody-else"},
    )

    assert (done.code, done.out) == (0, "3 records redriven.\n")
    for request_id in blocked:
        await environment.until("intake", "requests", {"_id": reference_of(request_id), "state.department": stuck})
    assert (await environment.postigo("dlq", "list", "--where", "group=routing")).out == "No dead letter matches.\n"
    started = [
        fact for fact in await recorded(environment) if isinstance(fact, OperationBegun) and fact.action == "redrive"
    ]
    assert [(each.planned, each.reason) for each in started if each.planned == 3] == [(3, "the inbox is there")]
    who = {(each.user, each.identity, each.name) for each in started}
    assert who == {(system_user().user, "system-user", None)}, "variables say nothing about who it was"


async def test_the_content_of_a_record_is_shown_only_with_a_reason_and_that_is_recorded(
    environment: CommandLineEnvironment,
) -> None:
    letter = await environment.unreadable_record()
    plain = [
        await environment.postigo(*typed)
        for typed in (
            ("dlq", "list", "--each"),
            ("dlq", "list", "--json"),
            ("dlq", "show", letter),
            ("dlq", "show", letter, "--json"),
        )
    ]
    assert not any(WORDS in result.out + result.err for result in plain)
    refused = await environment.postigo("dlq", "show", letter, "--bytes")
    assert refused.code == 1
    assert "say with --reason why" in refused.err
    shown = await environment.postigo("dlq", "show", letter, "--bytes", "--reason", "a call to the help desk")
    assert WORDS in shown.out
    reveals = [
        fact for fact in await recorded(environment) if isinstance(fact, OperationBegun) and fact.action == "reveal"
    ]
    assert [(fact.reason, fact.terms) for fact in reveals] == [("a call to the help desk", {"letter": letter})]
    log = environment.stack.home.log("operator").read_text()
    assert WORDS not in log
    assert {orjson.loads(line)["event"] for line in log.splitlines()} == {"security", "operation ended"}


async def test_a_replay_has_a_dry_run(environment: CommandLineEnvironment) -> None:
    request_id = await environment.submit(FREE)
    await environment.until("intake", "requests", {"_id": reference_of(request_id), "state.department": FREE})
    what = ("replay", "--topic", names.INTAKE, "--group", "intake", "--from", "2026-01-01T00:00Z")
    result = await environment.postigo(*what)
    assert "would be processed again" in result.out
    assert "No notification would be sent." in result.out
    before_all_time = await environment.postigo(*what[:-1], "1960-01-01T00:00Z", "--json")
    assert {span["from"] for span in before_all_time.json["spans"]} == {0}, "the start of the log"
    before = await environment.until("intake", "requests", {"_id": reference_of(request_id)})
    done = await environment.postigo(*what, "--yes", "--reason", "test", "--json")
    assert done.json["done"]
    assert done.json["taken"] >= 1
    assert await environment.until("intake", "requests", {"_id": reference_of(request_id)}) == before


async def test_a_replay_of_an_inbox_says_that_its_department_gets_it_again(environment: CommandLineEnvironment) -> None:
    request_id = await environment.submit(FREE)
    await environment.until("intake", "requests", {"_id": reference_of(request_id), "state.department": FREE})
    told = "The department gets these records again too. It must ignore those that it has read."
    for topic, group, departments in ((names.inbox(FREE), "gateway-desk", True), (names.INTAKE, "intake", False)):
        what = ("replay", "--topic", topic, "--group", group, "--from", "2026-01-01T00:00Z")
        assert (told in " ".join((await environment.postigo(*what)).out.split())) == departments
        assert (await environment.postigo(*what, "--json")).json["read_by_departments"] == departments


async def views(environment: CommandLineEnvironment) -> dict[str, Any]:
    found = await environment.database("gateway")["request_views"].find({}).to_list(None)
    return {view["_id"]: view["state"]["facts"] for view in found}


async def complete_views(environment: CommandLineEnvironment, requests: list[UUID]) -> dict[str, Any]:
    """The facts in the views, as soon as all facts of the requests are there."""

    async def probe() -> dict[str, Any]:
        found = await views(environment)
        assert all(len(found.get(reference_of(each), ())) == 2 for each in requests)
        return found

    return await eventually(probe)


async def test_lost_views_are_rebuilt_from_the_facts_that_intake_stores(environment: CommandLineEnvironment) -> None:
    requests = [await environment.submit(FREE) for _ in range(5)]
    before = await complete_views(environment, requests)
    dry = await environment.postigo("views", "rebuild")
    assert "would be published again. The views merge them and lose nothing." in " ".join(dry.out.split())
    await environment.database("gateway")["request_views"].delete_many({})

    done = await environment.postigo("views", "rebuild", "--from-start", "--yes", "--reason", "test", "--json")

    assert done.code == 0, done.err
    assert done.json["incomplete"] == 0
    assert await views(environment) == before
    await environment.postigo("views", "rebuild", "--from-start", "--yes", "--reason", "test")
    assert await views(environment) == before, "existing views do not change"


async def test_a_killed_rebuild_continues_where_it_stopped(environment: CommandLineEnvironment) -> None:
    requests = [await environment.submit(FREE) for _ in range(5)]
    before = await complete_views(environment, requests)
    await environment.database("gateway")["request_views"].delete_many({})
    killed = await environment.postigo(
        "views",
        "rebuild",
        "--from-start",
        "--yes",
        "--reason",
        "test",
        env={"POSTIGO_FAILPOINT": "operation-recorded:kill@20"},
    )
    assert killed.code == -9
    dry = await environment.postigo("views", "rebuild")
    assert "has not ended (320 of 1024 slices): this command continues it." in " ".join(dry.out.split())
    done = await environment.postigo("views", "rebuild", "--yes", "--reason", "test")
    assert done.code == 0, done.err
    assert await views(environment) == before
    assert "has not ended" not in (await environment.postigo("views", "rebuild")).out


async def test_restated_facts_equal_the_original_ones(environment: CommandLineEnvironment) -> None:
    """The same ids, sequence numbers and bytes, on the topic that only the worker reads."""
    requests = [await environment.submit(FREE) for _ in range(2)]
    await complete_views(environment, requests)
    since = len(await topics.read_all(environment.stack.env["KAFKA_URL"], names.RESTATED))
    await environment.postigo("views", "rebuild", "--from-start", "--yes", "--reason", "test")
    lifecycle, restated = [
        {
            topics.header(record, "ce_id"): (
                record.key,
                record.value,
                topics.header(record, "ce_sequence"),
                topics.header(record, "ce_dataschema"),
            )
            for record in await topics.read_all(environment.stack.env["KAFKA_URL"], name)
            if record.value  # an empty one discards a dead letter
        }
        for name in (names.LIFECYCLE, names.RESTATED)
    ]
    assert restated == lifecycle
    assert len(await topics.read_all(environment.stack.env["KAFKA_URL"], names.RESTATED)) > since
    stored = [
        each.id
        async for entries in read_timelines(
            environment.database("intake")["requests"], environment.database("intake")["timelines"], "PO-", "PO-~"
        )
        for each in entries
    ]
    assert set(stored) == set(lifecycle)


async def test_the_variables_name_a_server_only_together(environment: CommandLineEnvironment) -> None:
    env = environment.stack.env
    named = {name: env[name] for name in ("KAFKA_URL", "MONGO_URL", "POSTIGO_INTERNAL_SECRET")}
    letter = await environment.unreadable_record()
    listed = await environment.postigo("dlq", "list", "--json", env=named, home=False)
    assert letter in {each["letter"] for each in listed.json["letters"]}
    half = await environment.postigo("dlq", "list", env={"KAFKA_URL": env["KAFKA_URL"]})
    assert half.code == 1
    assert "together; missing: MONGO_URL, POSTIGO_INTERNAL_SECRET. Set all three" in half.err


SERVER = ("KAFKA_URL", "MONGO_URL", "POSTIGO_INTERNAL_SECRET")

ACTS = [
    ("dlq", "redrive", "--where", "group=intake", "--yes", "--reason", "no"),
    ("dlq", "discard", "--where", "group=intake", "--reason", "no", "--yes"),
    ("dlq", "show", "LETTER", "--bytes", "--reason", "no"),
    ("replay", "--topic", names.INTAKE, "--group", "intake", "--from", "2026-01-01T00:00Z", "--yes", "--reason", "no"),
    ("views", "rebuild", "--from-start", "--yes", "--reason", "no"),
    ("departments", "token", "--code", "pf", "--reason", "no", "--yes"),
]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: " ".join(act[:2]))
async def test_nobody_acts_on_a_server_without_an_account_of_their_own(
    environment: CommandLineEnvironment, act: tuple[str, ...]
) -> None:
    letter = await environment.unreadable_record()
    before = await recorded(environment)
    named = {name: environment.stack.env[name] for name in SERVER} | {"SUDO_USER": "ana", "USER": "operator-ana"}
    refused = await environment.postigo(*(letter if word == "LETTER" else word for word in act), env=named, home=False)

    event, error = refused.err.splitlines()
    assert refused.code == 1
    assert error.startswith(
        "postigo: Nothing was done, because nothing shows who you are: use your own account of an operator"
    )
    security = orjson.loads(event)
    assert (security["event"], security["kind"], security["because"]) == (
        "security",
        "operator-act",
        "identity-refused",
    )
    assert WORDS not in refused.out + refused.err
    assert await recorded(environment) == before


@stacks.with_accounts
async def test_an_operator_acts_on_a_server_under_their_account_until_it_is_removed(
    environment: CommandLineEnvironment,
) -> None:
    letter = await environment.unreadable_record()
    named = {name: environment.stack.env[name] for name in SERVER}
    made = await environment.postigo("operators", "add", "ana", env=named, home=False)
    account = made.out.splitlines()[-1].strip()
    own = named | {"MONGO_URL": named["MONGO_URL"].replace("//", f"//{account}@")}
    discard = ("dlq", "discard", "--where", f"letter={letter}", "--reason", "unreadable", "--yes")
    done = await environment.postigo(*discard, env=own, home=False)

    assert (done.code, done.out) == (0, "1 record discarded.\n")
    security, ended = map(orjson.loads, done.err.splitlines())
    assert (security["kind"], security["user"], security["identity"]) == ("operator-act", "ana", "store-account")
    assert (ended["event"], ended["action"], ended["user"]) == ("operation ended", "discard", "ana")
    started = [fact for fact in await recorded(environment) if isinstance(fact, OperationBegun) and fact.user == "ana"]
    assert [(fact.action, fact.identity, fact.name) for fact in started] == [("discard", "store-account", None)]

    assert (await environment.postigo("operators", "remove", "ana", env=named, home=False)).code == 0
    refused = await environment.postigo(*discard, env=own, home=False)
    assert (refused.code, "check MONGO_URL" in refused.err) == (1, True)


LETTERS = names.dead_letters(names.INTAKE, "intake")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("dlq", "list", "--where", "colour=red"), "'colour=red' is not a filter"),
        (("dlq", "redrive", "--yes"), "Say which letters"),
        (("dlq", "redrive", "--where", "group=intake", "--yes"), "say with --reason why"),
        (("views", "rebuild", "--yes"), "say with --reason why"),
        (("replay", "--topic", names.INTAKE, "--group", "intake", "--from", "0/0", "--yes"), "say with --reason why"),
        (("dlq", "discard", "--where", "group=intake", "--yes"), "say with --reason why"),
        (("dlq", "show", "nobody/7"), "There is no dead letter 'nobody/7'"),
        (("dlq", "show", f"{LETTERS}/{'9' * 5000}"), "There is no dead letter"),
        (("dlq", "discard", "--where", "group=intake", "--reason", "  ", "--yes"), "say with --reason why"),
        (("dlq", "show", f"{LETTERS}/0", "--bytes", "--reason", " \t "), "say with --reason why"),
        (("dlq", "show", f"{LETTERS}/999999"), f"There is no dead letter '{LETTERS}/999999'"),
        (
            ("replay", "--topic", names.LIFECYCLE, "--group", "intake", "--from", "0/0"),
            "choose one of documents, gateway-views",
        ),
        (("replay", "--topic", names.INTAKE, "--group", "intake", "--from", "2026-01-01"), "no point of a topic"),
        (("replay", "--topic", names.INTAKE, "--group", "intake", "--from", "99/0"), "has no partition 99"),
    ],
)
async def test_an_error_is_one_sentence(
    typed: tuple[str, ...], expected: str, environment: CommandLineEnvironment
) -> None:
    result = await environment.postigo(*typed)
    assert result.code == 1
    assert expected in result.err
    assert result.err.count("\n") == 1


async def test_all_output_fits_eighty_columns(environment: CommandLineEnvironment) -> None:
    letter = await environment.unreadable_record()
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
        result = await environment.postigo(*typed)
        assert result.code == 0, result.err
        # Commands that a person copies are never wrapped.
        wide = [line for line in result.out.splitlines() if len(line) > 80 and "--home" not in line]
        assert not wide, typed
