"""Early ends of sick leaves in the department `dp`: who is it, what does the register say, and who must be told.

The command is not the end of the leave: it may still be rejected, because the person withdrew or wrote meanwhile. So the employer is
told when the inbox confirms that the command took effect. Its id then says which leave ended: nothing else has to be remembered.
"""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from deploy.demo.data import load_sick_leaves
from deploy.demo.department_api import AuthorProtected, CaseClosed, DepartmentApi
from deploy.demo.sick_leave import Asked, SickLeave, decide
from services.common.legal_clock import day_of

SETTINGS: Final = ("PUBLIC_URL", "DEPARTMENT_TOKEN_DP")
"""The address of Postigo, and the token that an operator made for the department."""

PURPOSE: Final = "Para encontrar no registo a baixa que termina"
NO_DAY: Final = "Falta o dia em que volta ao trabalho. Faça um novo pedido, em que lho perguntamos."
TOPIC: Final = "employers.notices.v1"
ENDED: Final = "leave-"


async def plan(code: str, case: Mapping[str, Any]) -> Sequence[tuple[str, dict[str, Any]]]:
    """The decision, with the ended leave in the name of the command. Nothing for a case that has closed meanwhile."""
    answers = answers_of(case)
    if "return_on" not in answers:  # Filed before the catalogue asked for it.
        return [("resolve", {"text": NO_DAY, "outcome": "informed"})]
    api = DepartmentApi(os.environ["PUBLIC_URL"], code, os.environ["DEPARTMENT_TOKEN_DP"])
    try:
        worker = await api.niss_of(case["assignment_id"], PURPOSE)
    except (CaseClosed, AuthorProtected):  # Nothing to decide, or somebody must decide it by hand.
        return []
    asked = Asked(worker, date.fromisoformat(answers["return_on"]), answers.get("certificate", ""))
    decision = decide(register_of(case), asked, day_of(datetime.fromisoformat(case["occurred_at"])))
    name = "resolve" if decision.ended is None else f"resolve/{ENDED}{decision.ended.number}"
    return [(name, decision.said)]


def effects(code: str, case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The notice to the employer, once the leave has ended: the case is concluded by the command that ended it."""
    _, found, number = case["because"].rpartition(f"/resolve/{ENDED}")
    if case["state"] != "concluded" or not found:
        return []
    (leave,) = [each for each in register_of(case) if str(each.number) == number]
    return [notice(code, case, leave, date.fromisoformat(answers_of(case)["return_on"]))]


def answers_of(case: Mapping[str, Any]) -> dict[str, Any]:
    return {each["name"]: each["value"] for each in case.get("answers") or ()}


def register_of(case: Mapping[str, Any]) -> list[SickLeave]:
    """The register as it was when the case was entered: the same case always gives the same decision."""
    return [each.on(date.fromisoformat(case["entered_on"])) for each in load_sick_leaves()]


def notice(code: str, case: Mapping[str, Any], leave: SickLeave, return_on: date) -> dict[str, Any]:
    """The record for the employer. Its id derives from the request and the day: said again, it is the same notice."""
    last_day = (return_on - timedelta(days=1)).isoformat()
    data = {
        "employer": leave.employer,
        "worker": leave.worker,
        "certificate": leave.certificate,
        "last_day": last_day,
        "returns_on": return_on.isoformat(),
    }
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"{code}/{case['request_id']}/sick-leave-ended/{last_day}",
        "ce_type": "pt.postigo.sick-leave.ended.v1",
        "ce_source": f"departments/{code}",
        "ce_time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ce_causationid": case["because"],
        "ce_dataschema": "urn:postigo:schema:sick-leave.ended.v1",
        "content-type": "application/json",
    }
    return {
        "topic": TOPIC,
        "key": leave.employer.encode(),
        "value": json.dumps(data).encode(),
        "headers": [(name, text.encode()) for name, text in headers.items()],
    }
