"""The sender: takes due deliveries under a lease, tries each once, and stores how it ended.

Several replicas may run. A delivery belongs to whoever's compare-and-set took it; a process that dies leaves a lease
that runs out. A mail may therefore leave twice, always with the same Message-ID, and is never forgotten.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from typing import Final

import structlog

from services.common.domain.errors import StoreUnavailable
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.runtime.backoff import LONGEST_WAIT, sleep_with_jitter
from services.common.store import Change, Document
from services.common.telemetry import metrics
from services.common.telemetry.logging import redacted_exc_info
from services.notifications import domain, mail_templates
from services.notifications.composing import compose
from services.notifications.domain import Delivery, FailureKind, Skip, Status
from services.notifications.errors import NotSent
from services.notifications.mail import Mailer
from services.notifications.outbox_relay import OutboxRelay
from services.notifications.recipients import Recipients
from services.notifications.store import Deliveries, delivery_in, moved

log = structlog.get_logger()

SLOTS: Final = 16
"""Deliveries tried at once; each uses one connection to the mail server."""

GATHER: Final = 0.05
"""Seconds that a free slot waits for others, so that one slow mail holds back nobody."""

POLL: Final = 1.0
"""Seconds an idle sender waits before it looks for retries that came due, and for what others left."""

LATELY: Final = timedelta(minutes=1)
"""What came due within it is found by every look; older things only by one through all there is."""

LOOK_THROUGH: Final = 10.0
"""Seconds between two of these, unless one has left something, or something old is known to have come."""

TRY_WITHIN: Final = 30.0
"""Seconds one try may take; well below the lease."""

DRAIN: Final = 4.0
"""Seconds that tries under way get when the process is told to stop: fewer than one with a hung consumer has to leave."""


class Sender:
    def __init__(
        self,
        deliveries: Deliveries,
        mailer: Mailer,
        recipients: Recipients,
        teller: OutboxRelay,
        *,
        holder: str,
        sender: Address,
        public_url: str,
        lease: timedelta = domain.LEASE,
    ) -> None:
        self._deliveries = deliveries
        self._mailer = mailer
        self._recipients = recipients
        self._teller = teller
        self._holder = holder
        self._sender = sender
        self._public_url = public_url
        self._lease = lease
        self._trying: set[asyncio.Task[None]] = set()
        self._ended: list[Change[Delivery]] = []
        self._storing = asyncio.Lock()
        self._woken = asyncio.Event()
        self._away = False
        # At once: a former life, or others, may have left anything behind.
        self._look_through_at = 0.0

    def wake(self, due: datetime) -> None:
        """There is something new to deliver, which came due then."""
        if datetime.now(UTC) - due > LATELY / 2:
            self._look_through_at = 0.0
        self._woken.set()

    async def reclaim_leases(self) -> None:
        """Before anything else: what a former life of this replica held is due now, its holder being dead."""
        held = await self._deliveries.held_by(self._holder)
        now = datetime.now(UTC)
        await self._deliveries.save([moved(each, domain.released(delivery_in(each), now)) for each in held])

    async def run(self) -> None:
        """Send for ever. When cancelled, finish what is being sent, within some seconds, and say how it ended."""
        telling = asyncio.create_task(self._teller.run())
        try:
            await self._send_for_ever()
        finally:
            await self._drain()
            telling.cancel()
            await asyncio.wait([telling], timeout=LONGEST_WAIT)
            await self._teller.last_round()
            await self._mailer.close()
            await self._recipients.close()

    async def _send_for_ever(self) -> None:
        while True:
            try:
                await self._round()
            except StoreUnavailable as away:
                log.warning("nothing taken", because=str(away))
                await sleep_with_jitter()
            except Exception as error:
                log.critical("sender failed", error=type(error).__name__, exc_info=redacted_exc_info(error))
                await sleep_with_jitter()

    async def _round(self) -> None:
        self._woken.clear()
        taken = await self._take(SLOTS - len(self._trying))
        for document in taken:
            task = asyncio.create_task(self._deliver(document))
            self._trying.add(task)
            task.add_done_callback(self._trying.discard)
        if self._away:
            # While an engine is away the whole queue waits; it would only burn its tries.
            self._away = False
            await sleep_with_jitter()
        elif len(self._trying) >= SLOTS:
            await self._room()
        elif not taken:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._woken.wait()

    async def _room(self) -> None:
        """Wait for a free slot, and a moment for more of them: what is taken at once costs one search and one write."""
        await asyncio.wait(self._trying, return_when=asyncio.FIRST_COMPLETED)
        gathered = time.monotonic() + GATHER
        while len(self._trying) > SLOTS // 2 and (left := gathered - time.monotonic()) > 0:
            await asyncio.wait(self._trying, return_when=asyncio.FIRST_COMPLETED, timeout=left)

    async def _take(self, limit: int) -> list[Document[Delivery]]:
        """Up to `limit` due deliveries, each now leased to us alone."""
        now = datetime.now(UTC)
        whole = time.monotonic() >= self._look_through_at
        if whole:
            # Before the look: who is woken meanwhile, for something that came too late for it, looks again.
            self._look_through_at = time.monotonic() + LOOK_THROUGH
        found = limit
        try:
            found, won = await self._leased(now, limit, None if whole else now - LATELY)
        finally:
            if whole and found == limit:
                self._look_through_at = 0.0
        return won

    async def _leased(self, now: datetime, limit: int, since: datetime | None) -> tuple[int, list[Document[Delivery]]]:
        """How many were found, and those of them that are now leased to us alone."""
        due = await self._deliveries.ready(now, limit, since)
        if not due:
            return 0, []
        ARMED and reach(Failpoint.DELIVERY_DUE_FOUND)
        changes = [moved(each, domain.leased(delivery_in(each), now, self._holder, lease=self._lease)) for each in due]
        won = await self._save(changes)
        ARMED and reach(Failpoint.DELIVERY_LEASED)
        return len(due), [document for document in won if delivery_in(document).status is Status.SENDING]

    async def _deliver(self, document: Document[Delivery]) -> None:
        try:
            await self._settle(moved(document, await self._try(delivery_in(document))))
        except Exception as error:
            log.critical(
                "delivery not settled",
                delivery=document.key,
                error=type(error).__name__,
                exc_info=redacted_exc_info(error),
            )

    async def _try(self, delivery: Delivery) -> Delivery:
        """The delivery as one try leaves it."""
        try:
            async with asyncio.timeout(TRY_WITHIN):
                skip = await self._send(delivery)
        except NotSent as error:
            return self._failed(delivery, error.trouble, error.because)
        except TimeoutError:
            return self._failed(delivery, FailureKind.AWAY, "timeout")
        except Exception as error:
            log.critical(
                "our bug", delivery=str(delivery.id), error=type(error).__name__, exc_info=redacted_exc_info(error)
            )
            return self._failed(delivery, FailureKind.BUG, "internal-error")
        return domain.skipped(delivery, skip, datetime.now(UTC)) if skip else domain.sent(delivery, datetime.now(UTC))

    async def _send(self, delivery: Delivery) -> Skip | None:
        """Send it, or say why it goes to nobody. The person is looked up only once a mail could leave."""
        async with self._mailer.connection() as connection:
            ARMED and reach(Failpoint.DELIVERY_CONNECTED)
            recipient = await self._recipients.of(delivery)
            ARMED and reach(Failpoint.DELIVERY_RECIPIENT_READ)
            to = domain.addressed(recipient, delivery.channel)
            if isinstance(to, Skip):
                return to
            letter = mail_templates.render(delivery, to, self._public_url)
            await connection.send(compose(delivery, letter, self._sender, to, datetime.now(UTC)))
            ARMED and reach(Failpoint.DELIVERY_MAIL_SENT)
            return None

    def _failed(self, delivery: Delivery, trouble: FailureKind, because: str) -> Delivery:
        self._away = self._away or trouble is FailureKind.AWAY
        log.warning("not delivered", delivery=str(delivery.id), trouble=trouble, because=because)
        return domain.failed_try(delivery, trouble, because, datetime.now(UTC), random.random())

    async def _settle(self, change: Change[Delivery]) -> None:
        """Store how a try ended. While one batch is written the next one gathers, so a write carries many."""
        self._ended.append(change)
        async with self._storing:
            batch, self._ended = self._ended, []
            while batch:
                try:
                    await self._save(batch)
                except StoreUnavailable as away:
                    log.warning("ends not stored yet", because=str(away))
                    await sleep_with_jitter()
                else:
                    ARMED and reach(Failpoint.DELIVERY_STORED)
                    batch = []

    async def _save(self, changes: Sequence[Change[Delivery]]) -> list[Document[Delivery]]:
        """Write `changes`, count and tell those that ended; the documents of which ours was the write that held."""
        missed = await self._deliveries.save(changes)
        won = [change.after for change in changes if change.after.key not in missed]
        ended = [document for document in won if document.outbox]
        for document in ended:
            delivery = delivery_in(document)
            metrics.DELIVERIES.labels(delivery.channel, delivery.status.value).inc()
        if ended:
            self._teller.tell(ended)
        return won

    async def _drain(self) -> None:
        if not self._trying:
            return
        _, late = await asyncio.wait(self._trying, timeout=DRAIN)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
