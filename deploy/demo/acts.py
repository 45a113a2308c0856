"""The judgement over what authors did after filing: they wrote again, or took a request back."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from deploy.demo.cases import Act, Case
from deploy.demo.facts import Check, Facts, hidden, times
from services.common.contracts.departments import AssignmentUpdated, AssignmentWithdrawn
from services.common.contracts.lifecycle import ActRefused, MessageAdded, RequestWithdrawn
from services.common.domain.received import Received

_BECAME: Final = (MessageAdded, RequestWithdrawn, ActRefused)


def judgements(facts: Facts, case: Case) -> dict[str, list[Received[Any]]]:
    """What was said to become of acts on the case, by act id."""
    said: Sequence[Received[Any]] = facts.of(case, *_BECAME)
    told: dict[str, list[Received[Any]]] = {}
    for each in said:
        if not hidden(each):
            told.setdefault(each.event.act_id, []).append(each)
    return told


def acts_judged_once(facts: Facts) -> Check:
    """Everything that authors did after filing was applied or refused, once; they see it, and so does the department."""
    harms: list[str] = []
    applied = refused = 0
    for case in facts.cases:
        told = judgements(facts, case)
        refused += sum(isinstance(each.event, ActRefused) for said in told.values() for each in said)
        applied += sum(not isinstance(each.event, ActRefused) for said in told.values() for each in said)
        seen = Counter(str(entry.act_id) for entry in facts.page(case).entries if entry.act_id)
        for act in case.acts:
            found = _wrong_act(facts, case, act, told.pop(str(act.act_id), []), seen[str(act.act_id)])
            harms += [f"{case.reference}: {each}" for each in found]
        harms += [f"{case.reference}: something that nobody did" for _ in told]
    counts = f"{sum(len(case.acts) for case in facts.cases)} done, {applied} applied, {refused} refused"
    return Check("Every act judged once", counts, tuple(harms))


def _wrong_act(facts: Facts, case: Case, act: Act, told: Sequence[Received[Any]], seen: int) -> Iterator[str]:
    name = "a withdrawal" if act.text is None else "a message"
    if len(told) != 1:
        yield f"{name}: judged {times(len(told))}"
        return
    if seen != 1:
        yield f"{name}: its author sees it {times(seen)}"
    event = told[0].event
    if act.text is not None and not isinstance(event, MessageAdded):
        yield f"{name}: not kept"
    if isinstance(event, MessageAdded) and (event.text, event.documents) != (act.text, act.documents):
        yield f"{name}: kept changed"
    if harm := _untold(facts, case, event):
        yield f"{name}: {harm}"


def _untold(facts: Facts, case: Case, event: MessageAdded | RequestWithdrawn | ActRefused) -> str | None:
    """How the department failed to hear of it: word for word, or once and for all."""
    if isinstance(event, MessageAdded) and not any(
        _includes(each, event) for each in facts.of(case, AssignmentUpdated)
    ):
        return "never told to the department"
    ended = len(facts.of(case, AssignmentWithdrawn))
    if isinstance(event, RequestWithdrawn) and ended != 1:
        return f"told to the department {times(ended)}"
    return None


def _includes(told: Received[AssignmentUpdated], message: MessageAdded) -> bool:
    return (message.seq, message.text, message.documents) in [
        (each.seq, each.text, each.documents) for each in told.event.messages
    ]
