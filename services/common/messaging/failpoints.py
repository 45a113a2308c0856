"""Failpoints: named places between two awaits, where a test can kill or freeze the process.

`POSTIGO_FAILPOINT=saved:kill` sends SIGKILL when the process first reaches `saved`, as a power cut would end it.
`saved:kill@3` does so the third time. `saved:stop` sends SIGSTOP; after a SIGCONT the process continues as a zombie
member, unaware of the time that has passed. If the variable is unset, a failpoint costs one test of the constant `ARMED`:

    ARMED and reach(Failpoint.SAVED)
"""

import os
import signal
from enum import StrEnum
from itertools import count
from typing import Final


class Failpoint(StrEnum):
    """Every step of the kernel, of a submission, an act, a draft that is sent, a delivery, and an operator's command. Each names
    the step that has just been done. A test kills the process at each one, restarts it, and checks the result.
    """

    LOG_STARTS_KNOWN = "log-starts-known"
    OFFSETS_LEARNED = "offsets-learned"  # the committed offsets are known
    BATCH_READ = "batch-read"  # the batch has no gap before it
    UNREADABLE_DEAD_LETTERED = "unreadable-dead-lettered"
    UNBLOCKED = "unblocked"  # a discarded record is off the blocked list
    DISCARDED_ANSWERED = "discarded-answered"  # by its position, and before it is off the list
    DISCARDED_SAVED = "discarded-saved"  # off the list, with its answer in the outbox
    LOADED = "loaded"
    FOLDED = "folded"
    TOPICS_KNOWN = "topics-known"  # the topics of the new events exist
    PARKED_LETTERS_SENT = "parked-letters-sent"
    PARKED = "parked"
    TIMELINES_READ = "timelines-read"
    TIMELINES_MOVED = "timelines-moved"  # timelines have spilled
    SAVED = "saved"
    SAVE_CONFLICTED = "save-conflicted"
    PUBLISHED = "published"
    CLEARED = "cleared"  # published events are out of the outbox
    BATCH_PROCESSED = "batch-processed"  # the processor has returned or raised
    BATCH_JOURNALED = "batch-journaled"  # the batch is in the crash journal, if the guard watches
    ATTEMPTS_READ = "attempts-read"  # of all records of a suspect batch
    ATTEMPT_COUNTED = "attempt-counted"  # in the crash journal
    PROCESSED_ALONE = "processed-alone"
    ATTEMPTS_CLEARED = "attempts-cleared"
    OUTCOME_ALONE = "outcome-alone"  # a record processed alone has its outcome
    FATAL_PARKED = "fatal-parked"  # a fatal record's documents are blocked
    FATAL_DEAD_LETTERED = "fatal-dead-lettered"
    GUARD_PROCESSED = "guard-processed"  # the crash guard has processed the batch
    FIRST_HALF_PROCESSED = "first-half-processed"
    FAILED_DEAD_LETTERED = "failed-dead-lettered"  # the one record that raised is dead-lettered
    POISON_DEAD_LETTERED = "poison-dead-lettered"
    POISON_ANSWERED = "poison-answered"
    BUG_DEAD_LETTERED = "bug-dead-lettered"
    BLOCKED_LOADED = "blocked-loaded"  # documents to block or unblock are loaded
    BLOCKED = "blocked"
    PROCESSED = "processed"  # the batch is processed, and not committed
    COMMITTED = "committed"
    WILL_RETRY = "will-retry"  # a failed batch will be polled again
    SWEEP_ENDS_NOTED = "sweep-ends-noted"  # the ends of the partitions are known
    SWEEP_DUE_FOUND = "sweep-due-found"
    SWEEP_TIMERS_FIRED = "sweep-timers-fired"
    SWEEP_TIMER_FIRED = "sweep-timer-fired"
    SWEEP_ROUND_FIRED = "sweep-round-fired"  # the round has fired its timers
    SWEEP_STALE_FOUND = "sweep-stale-found"
    PROJECTION_LOADED = "projection-loaded"
    PROJECTION_SAVED = "projection-saved"
    INSERTED = "inserted"  # an inserter's documents are stored
    SUBMIT_READ = "submit-read"
    SUBMIT_CLAIMED = "submit-claimed"
    SUBMIT_APPENDED = "submit-appended"
    ACT_READ = "act-read"
    ACT_OWNER_KNOWN = "act-owner-known"
    ACT_CLAIMED = "act-claimed"
    ACT_APPENDED = "act-appended"
    DRAFT_FROZEN = "draft-frozen"  # with the body that is being sent
    DRAFT_SENT = "draft-sent"  # its request is acknowledged, and the draft does not have the reference yet
    DELIVERY_DUE_FOUND = "delivery-due-found"
    DELIVERY_ORDER_KNOWN = "delivery-order-known"  # the other notices about the same requests are known
    DELIVERY_LEASED = "delivery-leased"
    DELIVERY_CONNECTED = "delivery-connected"
    DELIVERY_RECIPIENT_READ = "delivery-recipient-read"
    DELIVERY_MAIL_SENT = "delivery-mail-sent"
    DELIVERY_STORED = "delivery-stored"
    DELIVERY_PUBLISHED = "delivery-published"
    DELIVERY_CLEARED = "delivery-cleared"
    OPERATION_BEGUN = "operation-begun"  # an operator's command is recorded as started
    OPERATION_APPENDED = "operation-appended"
    OPERATION_PROCESSED = "operation-processed"  # the group has processed the appended records
    OPERATION_RECORDED = "operation-recorded"  # progress of the command is recorded


ARMED: Final = os.environ.get("POSTIGO_FAILPOINT")

_hits: Final = count(1)

_SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def reach(point: Failpoint) -> bool:
    """Kill or freeze the process here, if this failpoint is armed and this is the N-th time it is reached."""
    name, _, action = (ARMED or "").partition(":")
    if name != point:
        return False
    verb, _, turn = action.partition("@")
    if verb not in _SIGNALS:
        raise ValueError(f"POSTIGO_FAILPOINT={ARMED}: the action is 'kill' or 'stop', with '@N' for the N-th time")
    if next(_hits) == int(turn or 1):
        os.kill(os.getpid(), _SIGNALS[verb])
    return True
