"""The sender: leases due deliveries, tries each once, and stores the result.

Several replicas may run. A compare-and-set decides which replica gets a lease. If its process dies, the lease expires and
another replica tries again. So a mail may be sent twice, with the same Message-ID, and is never lost.
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
from services.notifications.domain import Delivery, FailureKind, Skip
from services.notifications.due_search import DueSearch
from services.notifications.errors import NotSent
from services.notifications.leasing import Leasing
from services.notifications.mail import Mailer
from services.notifications.outbox_relay import OutboxRelay
from services.notifications.recipients import Recipients
from services.notifications.store import Deliveries, change_to, delivery_in

log = structlog.get_logger()

SLOTS: Final = 16
"""Concurrent tries. Each uses one connection to the mail server."""

GATHER: Final = 0.05
"""Seconds that a free slot waits for further ones, so that one search and one write serve several deliveries."""

POLL: Final = 1.0
"""Seconds between an idle sender's searches for due retries and expired leases."""

TRY_WITHIN: Final = 30.0
"""Maximum seconds of one try, well below the lease."""

DRAIN: Final = 4.0
"""Seconds that running tries get when the process stops: fewer than the limit for a process with a hung consumer."""


class Sender:
    def __init__(
        self,
        deliveries: Deliveries,
        mailer: Mailer,
        recipients: Recipients,
        relay: OutboxRelay,
        *,
        holder: str,
        sender: Address,
        public_url: str,
        lease: timedelta = domain.LEASE,
    ) -> None:
        self._deliveries = deliveries
        self._mailer = mailer
        self._recipients = recipients
        self._relay = relay
        self._holder = holder
        self._sender = sender
        self._public_url = public_url
        self._search = DueSearch(deliveries)
        self._leasing = Leasing(deliveries, self._search, self._save, holder, lease)
        self._tries: set[asyncio.Task[None]] = set()
        self._results: list[Change[Delivery]] = []
        self._saving = asyncio.Lock()
        self._wake_up = asyncio.Event()
        self._unavailable = False

    def wake(self, due: datetime) -> None:
        """Tell the sender that a new delivery came due at `due`."""
        self._search.rewind(due)
        self._wake_up.set()

    async def reclaim_leases(self) -> None:
        """Release the leases that an earlier run of this replica held. Call it before `run`."""
        held = await self._deliveries.held_by(self._holder)
        now = datetime.now(UTC)
        await self._deliveries.save([change_to(each, domain.released(delivery_in(each), now)) for each in held])

    async def run(self) -> None:
        """Run until cancelled. Then running tries get `DRAIN` seconds, and their results are stored and published."""
        relaying = asyncio.create_task(self._relay.run())
        try:
            await self._send_until_cancelled()
        finally:
            await self._drain()
            relaying.cancel()
            await asyncio.wait([relaying], timeout=LONGEST_WAIT)
            await self._relay.flush()
            await self._mailer.close()
            await self._recipients.close()

    async def _send_until_cancelled(self) -> None:
        while True:
            try:
                await self._round()
            except StoreUnavailable as error:
                log.warning("no deliveries leased", because=str(error))
                await sleep_with_jitter()
            except Exception as error:
                log.critical("sender failed", error=type(error).__name__, exc_info=redacted_exc_info(error))
                await sleep_with_jitter()

    async def _round(self) -> None:
        self._wake_up.clear()
        leased = await self._leasing.lease(SLOTS - len(self._tries))
        for document in leased.documents:
            task = asyncio.create_task(self._deliver(document))
            self._tries.add(task)
            task.add_done_callback(self._tries.discard)
        if self._unavailable:
            # The whole queue waits: further tries would fail in the same way.
            self._unavailable = False
            await sleep_with_jitter()
        elif len(self._tries) >= SLOTS:
            await self._free_slots()
        elif not leased.more:
            await self._rest(leased.waiting_until)

    async def _rest(self, until: datetime | None) -> None:
        """Wait for a new delivery, at most `POLL` seconds or until `until`."""
        seconds = POLL if until is None else min(POLL, max(0.0, (until - datetime.now(UTC)).total_seconds()))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake_up.wait()

    async def _free_slots(self) -> None:
        """Wait for a free slot, and then `GATHER` seconds for further ones."""
        await asyncio.wait(self._tries, return_when=asyncio.FIRST_COMPLETED)
        end = time.monotonic() + GATHER
        while len(self._tries) > SLOTS // 2 and (left := end - time.monotonic()) > 0:
            await asyncio.wait(self._tries, return_when=asyncio.FIRST_COMPLETED, timeout=left)

    async def _deliver(self, document: Document[Delivery]) -> None:
        try:
            await self._settle(change_to(document, await self._try(delivery_in(document))))
        except Exception as error:
            log.critical(
                "delivery not settled",
                delivery=document.key,
                error=type(error).__name__,
                exc_info=redacted_exc_info(error),
            )

    async def _try(self, delivery: Delivery) -> Delivery:
        """Try once. Returns the delivery after the try."""
        try:
            async with asyncio.timeout(TRY_WITHIN):
                skip = await self._send(delivery)
        except NotSent as error:
            return self._failed(delivery, error.kind, error.because)
        except TimeoutError:
            return self._failed(delivery, FailureKind.UNAVAILABLE, "timeout")
        except Exception as error:
            log.critical(
                "our bug", delivery=str(delivery.id), error=type(error).__name__, exc_info=redacted_exc_info(error)
            )
            return self._failed(delivery, FailureKind.BUG, "internal-error")
        return domain.skipped(delivery, skip, datetime.now(UTC)) if skip else domain.sent(delivery, datetime.now(UTC))

    async def _send(self, delivery: Delivery) -> Skip | None:
        """Send the mail, or return why there is no recipient. The recipient is read only after a connection is open."""
        async with self._mailer.connection() as connection:
            ARMED and reach(Failpoint.DELIVERY_CONNECTED)
            recipient = await self._recipients.of(delivery)
            ARMED and reach(Failpoint.DELIVERY_RECIPIENT_READ)
            to = domain.addressed(recipient, delivery.channel)
            if isinstance(to, Skip):
                return to
            mail = mail_templates.render(delivery, to, self._public_url)
            await connection.send(compose(delivery, mail, self._sender, to, datetime.now(UTC)))
            ARMED and reach(Failpoint.DELIVERY_MAIL_SENT)
            return None

    def _failed(self, delivery: Delivery, kind: FailureKind, because: str) -> Delivery:
        self._unavailable = self._unavailable or kind is FailureKind.UNAVAILABLE
        log.warning("not delivered", delivery=str(delivery.id), kind=kind, because=because)
        return domain.failed_try(delivery, kind, because, datetime.now(UTC), random.random())

    async def _settle(self, change: Change[Delivery]) -> None:
        """Store the result of a try. While one batch is written, the next one is collected."""
        self._results.append(change)
        async with self._saving:
            batch, self._results = self._results, []
            while batch:
                try:
                    await self._save(batch)
                except StoreUnavailable as error:
                    log.warning("results not stored yet", because=str(error))
                    await sleep_with_jitter()
                else:
                    ARMED and reach(Failpoint.DELIVERY_STORED)
                    batch = []

    async def _save(self, changes: Sequence[Change[Delivery]]) -> list[Document[Delivery]]:
        """Save `changes`, and count and publish the deliveries that ended. Returns the documents saved without a conflict."""
        conflicts = await self._deliveries.save(changes)
        saved = [change.after for change in changes if change.after.key not in conflicts]
        for document in saved:
            # A slow save may have taken longer than the wait for the next try.
            if due := delivery_in(document).due_at:
                self._search.rewind(due)
        ended = [document for document in saved if document.outbox]
        for document in ended:
            delivery = delivery_in(document)
            metrics.DELIVERIES.labels(delivery.channel, delivery.status.value).inc()
        if ended:
            self._relay.publish_soon(ended)
        return saved

    async def _drain(self) -> None:
        if not self._tries:
            return
        _, running = await asyncio.wait(self._tries, timeout=DRAIN)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
