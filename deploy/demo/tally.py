"""A run in a few numbers."""

from collections import Counter

from deploy.demo.checks import HARMLESS
from deploy.demo.facts import TOLD, Facts
from services.common.contracts.departments import CommandRejected
from services.common.contracts.lifecycle import RequestAnswered, RequestRegistered, RequestWithdrawn


def summary(facts: Facts) -> str:
    """How many requests came how far; who got every mail that was due counts as notified."""
    mails = Counter(mail.reference for mail in facts.evidence.mails)
    told = [(case, len(facts.of(case, *TOLD))) for case in facts.cases]
    withdrawn = sum(bool(facts.of(case, RequestWithdrawn)) for case in facts.cases)
    numbers = {
        "filed": len(facts.cases),
        "registered": sum(bool(facts.of(case, RequestRegistered)) for case in facts.cases),
        "answered": sum(bool(facts.of(case, RequestAnswered)) for case in facts.cases),
        **({"withdrawn": withdrawn} if withdrawn else {}),
        "notified": sum(0 < due <= mails[case.reference] for case, due in told),
    }
    return ", ".join(f"{number} {word}" for word, number in numbers.items())


def refusals(facts: Facts) -> list[str]:
    """What departments said and was refused, a sentence for each code: how often, by whom, and whether that is right."""
    codes = Counter(each.event.code for case in facts.cases for each in facts.of(case, CommandRejected))
    return [
        f"{number} × an answer was refused by intake as {code!r}, as it should be: {HARMLESS[code]}."
        if code in HARMLESS
        else f"{number} × what a department said was refused as {code!r}: that should not happen here."
        for code, number in sorted(codes.items())
    ]
