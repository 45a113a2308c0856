"""Compares what is expected of a request with what the API shows and the topics say."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.integration.life.case import InboxEvent
from tests.integration.life.events import Act
from tests.integration.life.expected import Expected
from tests.integration.life.streams import Heard


def told(explanations: Sequence[Expected], heard: Heard) -> Expected | None:
    """The explanation that departments were told, or one of which they were told as much; None while something is missing."""
    as_much = [
        each
        for each in explanations
        if len(heard.inbox) >= len(each.case.events)
        and len(heard.rejections) >= len(each.rejections)
        and heard.alarms >= each.case.alarms
    ]
    same = [each for each in as_much if Counter(each.rejections) == Counter(heard.rejections)]
    return next(iter([*same, *as_much]), None)


def compare_told(expected: Expected, heard: Heard) -> None:
    """The facts are numbered without gaps, and departments were told each of them, and each rejection, once."""
    assert [each.fact for each in heard.facts] == expected.facts
    assert [each.data["seq"] for each in heard.facts] == list(range(1, expected.seq + 1))
    last, case = heard.facts[-1].data, expected.case
    assert (last["state"], last["epoch"]) == (expected.model.state, expected.model.epoch)
    events = [InboxEvent(data["number"], data["department"], kind, data["as_of"]) for kind, data in heard.inbox]
    assert events == case.events
    causes = [heard.facts[as_of - 1] for *_, as_of in events]
    assert [data["because"] for _, data in heard.inbox] == [each.data["command_id"] or each.id for each in causes]
    assert Counter(heard.rejections) == Counter(expected.rejections)
    assert heard.alarms == case.alarms
    if not case.closed:
        _compare_case(expected, heard.latest)


def _compare_case(expected: Expected, latest: Mapping[str, Any]) -> None:
    model, case = expected.model, expected.case
    assert (latest["state"], latest["epoch"]) == (model.state, model.epoch)
    assert (latest["department"], latest["hops"], latest["overdue"]) == (case.department, case.hops, False)
    assert [item["state"] for item in latest["asked"]] == [item.state for item in model.items]
    assert {file["id"]: file["check"] for file in latest["files"]} == _files(expected)
    dates = {name: latest[name] is not None for name in ("deliver_until", "hearing_until", "reply_until")}
    assert dates == _dates(expected)


def compare_timeline(expected: Expected, entries: Sequence[Mapping[str, Any]]) -> None:
    """The author reads every fact in its order, but for the refusals of commands."""
    shown = [
        (each["seq"], each["type"], each.get("act_id") or each.get("document_id"), each.get("because"))
        for each in entries
        if "seq" in each
    ]
    facts = [(seq, *fact) for seq, fact in enumerate(expected.facts, 1) if fact.kind != "command-refused"]
    assert [(seq, f"request.{kind}") for seq, kind, *_ in facts] == [(seq, kind) for seq, kind, *_ in shown]
    by_person = [(seq, cause, code) for seq, kind, cause, code in facts if kind == "act-refused"]
    assert by_person == [(seq, act, code) for seq, kind, act, code in shown if kind == "request.act-refused"]


def compare_request(expected: Expected, shown: Mapping[str, Any]) -> None:
    model = expected.model
    routed = any(fact.kind == "routed" for fact in expected.facts)
    department = expected.case.department if routed else None
    assert (shown["state"], shown.get("department"), shown["overdue"]) == (model.state, department, False)
    asked = [(item["number"], item["state"], item["documents"]) for item in shown["asked"]]
    assert asked == [(n, item.state, [str(each) for each in item.files]) for n, item in enumerate(model.items, 1)]
    assert {file["document_id"]: file["state"] for file in shown["files"]} == _files(expected)
    assert shown.get("rating", {}).get("score") == expected.rating
    dates = {
        "deliver_until": "deliver_until" in shown,
        "hearing_until": "hearing" in shown,
        "reply_until": "reply_until" in shown,
    }
    assert dates == _dates(expected)
    assert ("suspended_since" in shown["deadline"]) == any(end is None for _, end in model.suspended)
    decided = model.state in ("answered", "concluded")
    assert shown.get("outcome") == (expected.outcome if decided else None)


def compare_act(expected: Expected, act: Act, shown: Mapping[str, Any]) -> None:
    """A message that came too late can be filed as a new request, with the files that are still free."""
    (code,) = {fact.code for fact in expected.facts if fact.cause == act.id}
    assert (shown["outcome"], shown.get("because")) == ("refused" if code else "applied", code)
    follow_up = shown.get("follow_up")
    assert (follow_up is not None) == (code == "closed")
    if follow_up is not None:
        assert set(follow_up["documents"]) == {str(file) for file in act.attached.files if file not in expected.files}


def _dates(expected: Expected) -> Mapping[str, bool]:
    state = expected.model.state
    return {
        "deliver_until": state == "awaiting_documents",
        "hearing_until": expected.model.hearing,
        "reply_until": state in ("answered", "concluded"),
    }


def _files(expected: Expected) -> Mapping[str, str]:
    return {str(file): check for file, check in expected.files.items()}
