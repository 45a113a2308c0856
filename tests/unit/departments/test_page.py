"""docs/departments.md says what the code does."""

import re
from pathlib import Path
from typing import Final

import pytest

from services.common.catalogue import catalogue
from services.common.contracts import events_of, topics
from services.common.contracts.asked import MAX_ASKED, MAX_ITEMS, ItemState
from services.common.contracts.base import MAX_DESCRIPTION, TYPE_PREFIX
from services.common.contracts.commands import Command
from services.common.contracts.decisions import CONTESTABLE, DECIDING, Outcome
from services.common.contracts.departments import MAX_FILES, MAX_MESSAGES, Assignment, Check
from services.common.contracts.lifecycle import State
from services.intake.domain.transitions import Move, next_state
from services.routing.domain.rejections import DETAILS

PAGE: Final = (Path(__file__).parents[3] / "docs" / "departments.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its head."""
    table = PAGE.split(f"# {heading}\n", 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", table, re.MULTILINE)
    assert lines is not None
    return [[cell.strip() for cell in line.strip("|\n").split("|")] for line in lines[0].splitlines()[2:]]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([\w.-]+)`", cell)


def test_the_table_of_commands_and_states_is_that_of_intake() -> None:
    head = [
        State(code) for code in codes(PAGE.split("### What a command does in each state\n", 1)[1].splitlines()[1])[0:]
    ]
    for name, *cells in rows("What a command does in each state"):
        move = Move(codes(name)[0])
        expected = []
        for state in head:
            after = next_state(state, move)
            same = "no-change" if move is Move.ACKNOWLEDGE else "applied"
            expected.append("not-allowed" if after is None else same if after is state else f"`{after}`")
        assert cells == expected, move


def test_every_state_that_a_request_can_have_is_in_the_table() -> None:
    head = codes(PAGE.split("### What a command does in each state\n", 1)[1].splitlines()[1])
    reached = {State.REGISTERED} | {after for move in Move for state in State if (after := next_state(state, move))}
    assert set(head) == reached


def test_every_code_is_explained_and_no_other() -> None:
    assert [codes(code)[0] for code, *_ in rows("Rejections")] == list(DETAILS)


def test_every_department_of_the_catalogue_is_listed_with_its_names() -> None:
    names = {code: (each.pt, each.en) for code, each in catalogue().departments.items()}
    assert {codes(code)[0]: (pt, en) for code, pt, en in rows("Codes of departments")} == names


def test_every_command_and_every_inbox_event_is_explained() -> None:
    commands = {kind.removeprefix(TYPE_PREFIX).removesuffix(".v1") for kind in events_of(topics.outbox("pf"))}
    assert {codes(name)[0] for name, *_ in rows("Commands")} == commands
    inbox = {kind.removeprefix(TYPE_PREFIX).removesuffix(".v1") for kind in events_of(topics.inbox("pf"))}
    assert {codes(name)[0] for name, *_ in rows("What the inbox says")} == inbox


def test_every_field_of_an_inbox_event_is_explained() -> None:
    fields = PAGE.split("All but the alarm have the same fields:", 1)[1].split("An event never says", 1)[0]
    named = {name for line in fields.splitlines() if line.startswith("| `") for name in codes(line.split("|")[1])}
    assert named == set(Assignment.model_fields)


def test_the_states_of_asked_documents_and_the_outcomes_are_those_of_the_contracts() -> None:
    assert [codes(state)[0] for state, _ in rows("Documents asked")] == [
        each for each in ItemState if each != "unknown"
    ]
    needed = {codes(row[0])[0]: set(codes(row[2])) for row in rows("What a decision says")}
    expected = {
        outcome: {name for name, outcomes in (("grounds", DECIDING), ("appeal", CONTESTABLE)) if outcome in outcomes}
        for outcome in Outcome
        if outcome is not Outcome.UNKNOWN
    }
    assert needed == expected


def test_every_command_says_what_it_carries() -> None:
    for name, data, _ in rows("Commands"):
        model = events_of(topics.outbox("pf"))[f"{TYPE_PREFIX}{codes(name)[0]}.v1"]
        assert set(codes(data)) == set(model.model_fields) - set(Command.model_fields)


@pytest.mark.parametrize("check", [check for check in Check if check is not Check.UNKNOWN])
def test_every_state_of_a_check_is_explained(check: Check) -> None:
    assert f"`{check}`" in PAGE


def test_the_limits_are_those_of_the_contracts() -> None:
    assert f"1 to {MAX_DESCRIPTION:,} characters".replace(",", " ") in PAGE
    assert (MAX_MESSAGES, MAX_FILES) == (8, 100)
    assert (MAX_ITEMS, MAX_ASKED) == (10, 50)
    assert "`items` has 1 to 10 objects" in PAGE
    assert "At most 50 items" in PAGE
    assert "the latest eight" in PAGE
    assert "the latest hundred" in PAGE
