"""Why a command had no effect: each code with its sentence, and the answers to commands that cannot be read. Pure.

`docs/departments.md` tells departments what to do about each code.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.common.contracts import Event, PublishedEvent, events_of, topics
from services.common.contracts.base import REQUIRED_HEADERS
from services.common.domain.identifiers import reference_of
from services.common.domain.poison import DISCARDED, PoisonRecord
from services.routing.domain.schema_errors import UNEXPLAINED, schema_detail
from services.routing.messages import ActRefused, Command, CommandRef, CommandRejected, CommandUnreadable

DETAILS: Final[Mapping[str, str]] = {
    "stale": "The person wrote, or a file of theirs was accepted, after what you had seen. Read the inbox until `as_of` is at "
    "least `catch_up_to`, and decide again.",
    "not-allowed": "The state of the request does not allow this command. Read the latest inbox event.",
    "no-change": "The request is already where this command leads.",
    "hearing-open": "The person is being heard. Wait until `hearing_until` is `null`.",
    "bad-date": "A date is out of range: `/until` must be after `due_on` and `/appeal/until` after today, neither by more than a year.",
    "too-late": "The legal term has ended. It cannot be extended any more.",
    "extended-already": "The legal term was extended before. It can be extended once.",
    "too-many-items": "More than 50 documents would have been asked about this request.",
    "unknown-department": "No department has the code in `/to`.",
    "not-seen-yet": "`seen` is above the `as_of` of every inbox event so far. Send the `as_of` of the event that you answer.",
    "old-epoch": "The `epoch` has grown since: another department has the case, the person came back, or asked documents came or "
    "lapsed. Read the latest inbox event, and decide again if the case is still yours.",
    "wrong-department": "The case belongs to another department. Drop this command.",
    "unknown-assignment": "This request has no such assignment or epoch. Check the key, `assignment_id` and `epoch`.",
    "id-reused": "This `ce_id` was used for a command with another type or other bytes. Use a new id for a new command.",
    "too-many-commands": "500 commands about this request were read within 35 days. Look for a loop in your program.",
    "invalid": UNEXPLAINED,
    "not-json": "The value is not JSON in UTF-8.",
    "missing-data": "The record has no value.",
    "too-large": "The data is larger than 256 KiB.",
    "unknown-command": "The header `ce_type` names none of the commands.",
    "missing-header": "A required header is missing or empty.",
    "repeated-header": "A header that may occur once occurs more often.",
    "bad-header": "A header is not UTF-8, is too long, or is not what it must be.",
    "missing-key": "The record has no key. Use the request id.",
    "bad-key": "The key is not a UUID. Use the request id.",
    "discarded": "An operator discarded this command after a fault of ours. Send it again under a new id if it still applies.",
}
"""All codes. A code is never renamed; new ones may be added."""

_REASONS: Final[Mapping[str, str]] = {
    "null-key": "missing-key",
    "key-not-uuid": "bad-key",
    "null-value": "missing-data",
    "too-large": "too-large",
    "document-too-large": "too-large",
    "event-too-large": "too-large",
    "unknown-type": "unknown-command",
    "not-json": "not-json",
    "undecodable": "bad-header",
    DISCARDED: "discarded",
}
"""The code for each reason on a dead letter; headers and schema errors have their own forms."""

_HEADER_PROBLEMS: Final[Mapping[str, str]] = {"missing": "missing-header", "twice": "repeated-header"}
"""By the last part of `header-<name>-<problem>`; every other problem is `bad-header`."""

_HEADER_RULES: Final[Mapping[str, str]] = {
    "missing-header": "is missing or empty",
    "repeated-header": "occurs more often than once",
    "bad-header": "is not UTF-8, is too long, or is not what it must be",
}
"""What is wrong with the header that a rejection names, by its code."""


class Explanation(NamedTuple):
    """`pointer`: the JSON pointer of the wrong field. `header`: the wrong header."""

    code: str
    detail: str
    pointer: str | None = None
    header: str | None = None


def explain(code: str, pointer: str | None = None) -> Explanation:
    """A code of intake or routing. A code without a sentence gets none of another's."""
    return Explanation(code, DETAILS.get(code, "The command had no effect."), pointer)


def explain_refusal(refusal: ActRefused) -> Explanation:
    """Intake's refusal of a command, with the state that does not allow it or the days that it may name."""
    allowed, why = refusal.allowed, explain(refusal.code)
    if refusal.code == "not-allowed":
        detail = f"The request is `{refusal.state}`, and does not allow this command. Read the latest inbox event."
        return why._replace(detail=detail)
    if allowed is not None:
        detail = f"`{allowed.pointer}` must be a day after {allowed.after}, and not after {allowed.until}."
        return why._replace(detail=detail, pointer=allowed.pointer)
    return why


def explain_poison(reason: str, command: type[Event] | None = None) -> Explanation:
    """The reason on the dead letter of a record on an outbox, as its department is told it. `command`: None for an unknown type."""
    if reason.startswith("schema:"):
        _, pointer, rule = reason.split(":", 2)
        return Explanation("invalid", schema_detail(pointer, rule, command), pointer)
    if reason.startswith("header-") or reason == "redrive-header":
        header, problem = ("dlq-redrive", "") if reason == "redrive-header" else reason.split("-", 2)[1:]
        # A null is no value: a required header lacks it, and an optional one must not be sent without it.
        is_absent = problem == "null" and header in REQUIRED_HEADERS
        code = "missing-header" if is_absent else _HEADER_PROBLEMS.get(problem, "bad-header")
        return Explanation(code, f"The header `{header}` {_HEADER_RULES[code]}.", header=header)
    return explain(_REASONS.get(reason, "invalid"))


def rejection(
    request_id: UUID,
    at: datetime,
    command: CommandRef,
    why: Explanation,
    catch_up_to: int | None = None,
    *,
    is_known: bool = True,
) -> CommandRejected:
    """The rejection of a command, for the topic of its department. Only a known request has a reference."""
    return CommandRejected(
        request_id=request_id,
        reference=reference_of(request_id) if is_known else None,
        occurred_at=at,
        department=department_of(command.topic),
        command_id=command.id,
        command_topic=command.topic,
        command_partition=command.partition,
        command_offset=command.offset,
        catch_up_to=catch_up_to,
        **why._asdict(),
    )


def answer_poison(record: PoisonRecord) -> Sequence[PublishedEvent]:
    """The answer to a command that was dead-lettered or discarded; none for a record of ours.

    A command with a usable key, id and type is rejected by name; any other one is named by its position alone.
    """
    topic, partition, offset = record.position
    if topics.family(topic) not in Command.FAMILIES:
        return ()
    ce_type, request_id, identifier = record.header("ce_type"), record.request_id, record.header("ce_id")
    why = explain_poison(record.reason, events_of(topic).get(ce_type or ""))
    if request_id is not None and identifier is not None and ce_type is not None:
        return (rejection(request_id, record.at, CommandRef(id=identifier, **record.position._asdict()), why),)
    return (
        CommandUnreadable(
            occurred_at=record.at,
            department=department_of(topic),
            command_topic=topic,
            command_partition=partition,
            command_offset=offset,
            command_key=record.key_text,
            command_id=identifier,
            code=why.code,
            detail=why.detail,
            header=why.header,
        ),
    )


def department_of(topic: str) -> str:
    """The topic identifies the department: only department `pf` may write `departments.pf.outbox.v1`."""
    return topic.split(".")[1]
