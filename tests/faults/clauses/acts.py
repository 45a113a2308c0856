"""What people do with their requests afterwards: each act is applied or refused, once, and they see which."""

from collections.abc import Iterator

from services.common.contracts.lifecycle import ActRefused
from tests.faults.history import Acted, Asked, History, Record, repeated
from tests.faults.verdicts import Harm, Offence, clause


def _acts(history: History) -> Iterator[tuple[Asked, Acted]]:
    return ((asked, act) for asked in history.filed for act in asked.acts)


def _effects(history: History, asked: Asked, act: Acted) -> list[Record]:
    """The facts that were said because of the act."""
    return [record for record in history.life(asked.request_id) if record.cause == act.act_id]


@clause(Harm.LOST)
def every_acknowledged_act_is_applied_or_refused(history: History) -> Iterator[Offence]:
    for asked, act in _acts(history):
        if act.act_id is None:
            yield Offence(f"{asked.name}: a {act.kind} was never acknowledged", str(asked.request_id))
            continue
        effects = _effects(history, asked, act)
        if not effects:
            yield Offence(f"{asked.name}: a {act.kind} was acknowledged, and had no effect", str(asked.request_id))
        texts = {getattr(record.event, "text", None) for record in effects}
        if act.text is not None and effects and act.text not in texts and not _refused(effects):
            yield Offence(f"{asked.name}: a {act.kind} lost its words", str(asked.request_id))


def _refused(effects: list[Record]) -> bool:
    return any(isinstance(record.event, ActRefused) for record in effects)


@clause(Harm.DOUBLED)
def every_act_takes_effect_once(history: History) -> Iterator[Offence]:
    """No kind of fact is said twice for an act, and none is both applied and refused."""
    for asked, act in _acts(history):
        kinds = [type(record.event) for record in _effects(history, asked, act)]
        if repeated(kinds) or (ActRefused in kinds and len(kinds) > 1):
            yield Offence(f"{asked.name}: a {act.kind} took effect {len(kinds)} times", str(asked.request_id))


@clause(Harm.LOST)
def the_author_of_an_act_is_told(history: History) -> Iterator[Offence]:
    """What came of it stands in the view that its author reads."""
    for asked, act in _acts(history):
        view = history.document("gateway-views", asked.reference)
        facts = view.state["facts"].values() if view and view.state else ()
        shown = {fact["id"] for fact in facts}
        if any(record.id not in shown for record in _effects(history, asked, act)):
            yield Offence(f"{asked.name}: its author does not see what came of a {act.kind}", str(asked.request_id))
