"""Failpoints: a named place between two awaits where a test can end the process as a power cut would, or freeze it.

`POSTIGO_FAILPOINT=saved:kill` kills the process with SIGKILL the first time it stands there, `saved:kill@3` the third
time; `saved:stop` freezes it with SIGSTOP, until somebody sends SIGCONT: it then goes on as a zombie does, believing
that no time has passed. Unset, a place costs one test of the module constant `ARMED`:

    ARMED and reach(Failpoint.SAVED)
"""

import os
import signal
from enum import StrEnum
from itertools import count
from typing import Final


class Failpoint(StrEnum):
    """Every step of the kernel, of a submit, an act and a delivery, and of what operators do. A test hits each one and counts what is left."""

    LOG_STARTS_KNOWN = "log-starts-known"
    OFFSETS_LEARNED = "offsets-learned"
    BATCH_READ = "batch-read"
    UNREADABLE_DEAD_LETTERED = "unreadable-dead-lettered"
    FREED = "freed"
    LOADED = "loaded"
    FOLDED = "folded"
    TOPICS_KNOWN = "topics-known"
    PARKED_LETTERS_SENT = "parked-letters-sent"
    PARKED = "parked"
    TIMELINES_READ = "timelines-read"
    TIMELINES_MOVED = "timelines-moved"
    SAVED = "saved"
    MISSED = "missed"
    PUBLISHED = "published"
    CLEARED = "cleared"
    BATCH_TAKEN = "batch-taken"
    BATCH_NOTED = "batch-noted"
    COUNTED = "counted"
    ENDED_ALONE = "ended-alone"
    FORGOTTEN = "forgotten"
    TAKEN_ALONE = "taken-alone"
    PARKED_UNTRIED = "parked-untried"
    ENDED_UNTRIED = "ended-untried"
    CARE_TAKEN = "care-taken"
    FIRST_HALF_TAKEN = "first-half-taken"
    SET_ASIDE = "set-aside"
    POISON_DEAD_LETTERED = "poison-dead-lettered"
    BUG_DEAD_LETTERED = "bug-dead-lettered"
    BLOCKED_LOADED = "blocked-loaded"
    BLOCKED = "blocked"
    TAKEN = "taken"
    COMMITTED = "committed"
    STEPPED_BACK = "stepped-back"
    SWEEP_ENDS_NOTED = "sweep-ends-noted"
    SWEEP_DUE_FOUND = "sweep-due-found"
    SWEEP_TIMERS_FIRED = "sweep-timers-fired"
    SWEEP_TIMER_FIRED = "sweep-timer-fired"
    SWEEP_TIMERS_TAKEN = "sweep-timers-taken"
    SWEEP_STALE_FOUND = "sweep-stale-found"
    PROJECTION_LOADED = "projection-loaded"
    PROJECTION_SAVED = "projection-saved"
    MADE = "made"
    SUBMIT_READ = "submit-read"
    SUBMIT_CLAIMED = "submit-claimed"
    SUBMIT_APPENDED = "submit-appended"
    ACT_READ = "act-read"
    ACT_OWNER_KNOWN = "act-owner-known"
    ACT_CLAIMED = "act-claimed"
    ACT_APPENDED = "act-appended"
    DELIVERY_DUE_FOUND = "delivery-due-found"
    DELIVERY_LEASED = "delivery-leased"
    DELIVERY_CONNECTED = "delivery-connected"
    DELIVERY_RECIPIENT_READ = "delivery-recipient-read"
    DELIVERY_MAIL_SENT = "delivery-mail-sent"
    DELIVERY_STORED = "delivery-stored"
    DELIVERY_SAID = "delivery-said"
    DELIVERY_CLEARED = "delivery-cleared"
    OPERATION_BEGUN = "operation-begun"
    OPERATION_APPENDED = "operation-appended"
    OPERATION_TAKEN = "operation-taken"
    OPERATION_NOTED = "operation-noted"


ARMED: Final = os.environ.get("POSTIGO_FAILPOINT")

_hits: Final = count(1)


_SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def reach(point: Failpoint) -> bool:
    """Die or freeze here, if this is the armed failpoint and its turn has come."""
    name, _, action = (ARMED or "").partition(":")
    if name != point:
        return False
    verb, _, turn = action.partition("@")
    if verb not in _SIGNALS:
        raise ValueError(f"POSTIGO_FAILPOINT={ARMED}: the action is 'kill' or 'stop', and '@N' for its N-th turn")
    if next(_hits) == int(turn or 1):
        os.kill(os.getpid(), _SIGNALS[verb])
    return True
