"""Notifications' composition root."""

from fastapi import FastAPI

from services.common.runtime.bootstrap import ServiceContext
from services.common.runtime.process import Process
from services.notifications import handlers
from services.notifications.composing import mailbox
from services.notifications.mail import Mailer
from services.notifications.messages import GROUP, TOPICS
from services.notifications.outbox_relay import OutboxRelay
from services.notifications.recipients import Recipients
from services.notifications.sender import Sender
from services.notifications.settings import Settings
from services.notifications.store import Deliveries


def build(settings: Settings) -> FastAPI:
    context = ServiceContext(settings, "notifications")
    deliveries = Deliveries(context.database)
    mail_from = mailbox(settings.mail_from)
    sender = Sender(
        deliveries,
        Mailer(settings.mail_server, mail_from.domain),
        Recipients(settings.gateway_url, settings.internal_secret),
        OutboxRelay(deliveries, context.publisher),
        holder=settings.postigo_instance,
        sender=mail_from,
        public_url=settings.public_url,
    )
    inserter = handlers.NotifyingInserter(handlers.deliveries(mail_from.domain), deliveries.collection, sender.wake)
    process = Process(
        "notifications",
        publisher=context.publisher,
        prepare=[deliveries.prepare, sender.reclaim_leases],
        subscriptions=[context.subscription(GROUP, TOPICS, inserter)],
        loops=[sender],
        close=[context.close],
    )
    return process.app()
