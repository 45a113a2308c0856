"""Attached files."""

from collections.abc import Iterator, Sequence
from typing import Final

from deploy.verification.evidence import File, Submission
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.lifecycle import ActRefused, DocumentAccepted, DocumentRefused


@clause(Harm.LOST)
def every_file_reaches_its_request_whole(history: History) -> Iterator[Violation]:
    """The hash of the accepted file is that of the sent bytes."""
    for key, submission in history.by_request.items():
        arrived = {(event.document_id, event.sha256) for event in history.events(key, DocumentAccepted)}
        for file in expected_files(history, submission):
            if (file.document_id, file.sha256) not in arrived:
                yield Violation(f"{submission.name}: {file.name} never arrived, or was changed", key)


def expected_files(history: History, submission: Submission) -> Sequence[File]:
    """The files that must arrive: not those of a message that was refused."""
    refused = {event.act_id for event in history.events(submission.request_id, ActRefused)}
    acts = [act for act in submission.acts if act.act_id not in refused]
    return (*submission.files, *(file for act in acts for file in act.files))


@clause(Harm.DOUBLED)
def every_file_arrives_once(history: History) -> Iterator[Violation]:
    """And no file arrives that nobody sent. Skips this when an act was not acknowledged: its files may have arrived."""
    for key, submission in history.by_request.items():
        names = {file.document_id: file.name for file in submission.all_files}
        arrived = [each.document_id for each in history.events(key, DocumentAccepted)]
        arrived += [each.document_id for each in history.events(key, DocumentRefused)]
        for document in {each for each in arrived if arrived.count(each) > 1}:
            yield Violation(f"{submission.name}: {names.get(document, 'a file')} arrived more than once", key)
        if all(act.act_id for act in submission.acts) and set(arrived) - names.keys():
            yield Violation(f"{submission.name}: has files that nobody sent", key)


CLAUSES: Final[tuple[Clause, ...]] = (
    every_file_reaches_its_request_whole,
    every_file_arrives_once,
)
