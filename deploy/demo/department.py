"""A department in one file, to begin from. Copy it and replace `plan`, which shows every command by the reason of a request.
`HANDLERS` has the kinds of requests that need more; a copy begins without any.

It keeps no cases: each inbox event carries the whole case, and is answered by itself. A case that waits for the person, or is
closed, needs no answer, nor does an event that one of its own commands caused. An answer that has not seen the person's last
message or file is rejected as `stale`. That is harmless: the department also gets an `updated` event for it, and answers
that. docs/departments.md explains the events and commands.

KAFKA_URL=127.0.0.1:9092 .venv/bin/python -m deploy.demo.department --code pf --code dd

`make status` shows the address of the local broker.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from deploy.demo import early_return

logger = logging.getLogger("department")


INFORMED = ("INF", "EST", "ATR", "RCL", "SUG", "ELO", "DEN")  # Reasons of requests that ask for no decision.
ITEMS = (
    {"what": "Documento de identificação", "why": "Confirma quem pede a correção"},
    {"what": "Comprovativo do registo", "why": "Mostra os dados certos", "formats": ["application/pdf"]},
)


Case = dict[str, Any]
Plan = Sequence[tuple[str, dict[str, Any]]]


class Handler(NamedTuple):
    """A kind of request that needs more than `plan`, and the `settings` that it reads from the environment.

    `plan` is used instead. `effects` are records for others, published when a command of its own has closed the case: not before,
    because a command may be rejected. Both may be called again for the same case.
    """

    plan: Callable[[str, Case], Awaitable[Plan]]
    effects: Callable[[str, Case], list[dict[str, Any]]]
    settings: tuple[str, ...]


HANDLERS = {
    ("dp", "DOE-02", "CES"): Handler(early_return.plan, early_return.effects, early_return.SETTINGS),
}
"""By department, subject and reason."""


def plan(code: str, case: Case) -> Plan:
    """The commands that a case needs now, with their data. Replace this with the department's own work.

    `description` and `messages` contain the person's words. The same case gives the same data: so repeated commands are one.
    """
    reason, hops, term = case["reason"], case.get("hops", 0), case.get("deadline") or {}
    if reason == "COR" and not case.get("asked"):
        return [("request-information", {"items": ITEMS, "text": "Para corrigir, precisamos destes documentos."})]
    if reason == "ATR" and not hops:
        return [("transfer", {"to": "tri" if code == "rec" else "rec", "text": "Outro serviço trata dos atrasos."})]
    if case["epoch"] > 1 + hops:  # The person came back, or delivered what was asked.
        return [("resolve", decision(case))]
    if reason == "ALT":
        return [("answer", {"text": "Registámos a alteração. Se faltar alguma coisa, responda-nos."})]
    if reason == "IND" and not any(each["because"] == "hearing" for each in term.get("suspensions", ())):
        return [("hear", {"text": "Tencionamos manter a decisão. Pode dizer-nos porque discorda."})]
    if reason == "VAL" and not term.get("extension") and not case.get("overdue"):
        until = date.fromisoformat(case["due_on"]) + timedelta(days=14)
        extend = ("extend", {"until": until.isoformat(), "text": "Aguardamos os valores de outro serviço."})
        return [extend, ("resolve", decision(case))]
    return [("resolve", decision(case))]


def decision(case: Case) -> dict[str, Any]:
    """What `resolve` says: a decision has an outcome and its grounds, and a refusal says how to contest it."""
    text = f"Analisámos o seu pedido ({case['subject']}) e está resolvido. Resposta de demonstração."
    if case["reason"] in INFORMED:
        return {"text": text, "outcome": "informed"}
    outcome = {"IND": "refused", "VAL": "partly"}.get(case["reason"], "granted")
    decided = {"text": text, "outcome": outcome, "grounds": "Verificámos os factos e as regras que se lhes aplicam."}
    if outcome == "granted":
        return decided
    until = date.fromisoformat(case["occurred_at"][:10]) + timedelta(days=90)
    return decided | {"appeal": {"means": "Reclamação ou ação no tribunal.", "until": until.isoformat()}}


def command(code: str, name: str, inbox: dict[str, bytes], **data: Any) -> dict[str, Any]:
    """Value and headers of one command. Its id derives from the inbox event, so a repetition has the same id.

    The id starts with the department's code: so an inbox event's `because` tells whether its own command caused it. What follows a
    slash in `name` is part of the id only.
    """
    headers = {
        "ce_specversion": b"1.0",
        "ce_id": f"{code}/{inbox['ce_id'].decode()}/{name}".encode(),
        "ce_type": f"pt.postigo.assignment.{name.partition('/')[0]}.v1".encode(),
        "ce_source": f"departments/{code}".encode(),
        "ce_subject": inbox["ce_subject"],
        "ce_time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode(),
        "content-type": b"application/json",
    }
    trace = {header: inbox[header] for header in ("traceparent", "tracestate") if header in inbox}
    return {"value": json.dumps(data).encode(), "headers": list((headers | trace).items())}


async def replies(code: str, record: ConsumerRecord) -> tuple[int, list[dict[str, Any]]]:
    """The number of the inbox event within its request (0: it is about no case), and the records that answer it."""
    inbox, case = dict(record.headers), json.loads(record.value)
    number = int(inbox.get("ce_sequence", b"0"))
    is_new = inbox["ce_type"].endswith(b".assignment.created.v1")
    is_changed = inbox["ce_type"].endswith(b".assignment.updated.v1")
    is_own = (case.get("because") or "").startswith(f"{code}/")
    handler = HANDLERS.get((code, case.get("subject", ""), case.get("reason", "")))
    if handler and is_own and inbox["ce_type"].endswith(b".assignment.closed.v1"):
        return number, handler.effects(code, case)
    if not is_new and (not is_changed or is_own):
        return number, []
    state = case.get("state") or "registered"
    if state not in ("registered", "in_analysis") or case.get("hearing_until"):
        return number, []
    planned = await handler.plan(code, case) if handler else plan(code, case)
    acknowledge: Plan = [("acknowledge", {})] if is_new and state == "registered" and planned else []
    seen = {"assignment_id": case["assignment_id"], "epoch": case["epoch"], "seen": case["as_of"]}
    to = {"topic": f"departments.{code}.outbox.v1", "key": record.key}
    return number, [to | command(code, name, inbox, **seen, **data) for name, data in (*acknowledge, *planned)]


async def work(code: str, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> None:
    """Answer batch after batch. Commit a batch when the broker has acknowledged all its answers."""
    last: dict[bytes, int] = {}  # A real department stores this number in its own database, with the case.
    while True:
        batch = await consumer.getmany(timeout_ms=30_000, max_records=500)
        if not batch:
            await require_no_lag(consumer)
            continue
        sends = []
        for record in chain.from_iterable(batch.values()):
            try:
                number, answers = await replies(code, record)
            except (AttributeError, KeyError, TypeError, ValueError):
                # Log it and continue: one bad record must not block the others.
                logger.warning("%s: unreadable: partition %d offset %d", code, record.partition, record.offset)
                continue
            if number > last.get(record.key, 0):
                last[record.key] = number
                sends += [await producer.send(**each) for each in answers]
        await asyncio.wait_for(asyncio.gather(*sends), 30)
        logger.info("%s: %d read, %d published", code, sum(map(len, batch.values())), len(sends))
        await consumer.commit({part: records[-1].offset + 1 for part, records in batch.items()})


async def require_no_lag(consumer: AIOKafkaConsumer) -> None:
    """After a broker restart a consumer may hang without an error. Raises KafkaError or TimeoutError then."""
    async with asyncio.timeout(30):
        ends = await consumer.end_offsets(consumer.assignment())
        if [part for part, end in ends.items() if await consumer.position(part) < end]:
            raise KafkaError("there are records, but the consumer gets none")


async def serve(code: str) -> None:
    """Run department `code` until cancelled. After a failure, reconnect and continue from the last commit."""
    url, inbox = os.environ["KAFKA_URL"], f"departments.{code}.inbox.v1"
    unavailable = False
    while True:
        producer = AIOKafkaProducer(bootstrap_servers=url, acks="all", enable_idempotence=True)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=url,
            group_id=f"department-{code}",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=6000,
            heartbeat_interval_ms=1000,
        )
        try:
            async with asyncio.timeout(30):
                await producer.start()
                await consumer.start()
                if inbox not in await consumer.topics():
                    raise UnknownTopicOrPartitionError
            consumer.subscribe([inbox])
            unavailable = False
            logger.info("%s: reads %s", code, inbox)
            await work(code, consumer, producer)
        except (KafkaError, OSError) as error:
            if not unavailable and isinstance(error, UnknownTopicOrPartitionError):
                logger.warning("%s: there is no topic %s (is the code right?), retrying", code, inbox)
            elif not unavailable:
                logger.warning("%s: unavailable (%s: %s), retrying", code, type(error).__name__, error)
            unavailable = True
        finally:  # With a time limit: stop() does not return while the broker is frozen.
            stops = [asyncio.create_task(client.stop()) for client in (consumer, producer)]
            await asyncio.wait(stops, timeout=5)
        await asyncio.sleep(1)


async def main(codes: list[str]) -> None:
    async with asyncio.TaskGroup() as departments:
        tasks = [departments.create_task(serve(code)) for code in codes]
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, lambda: [task.cancel() for task in tasks])


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser(description="A reference department.")
    parser.add_argument("--code", action="append", required=True, help="department code, repeatable")
    codes = parser.parse_args().code
    needed = {name for (code, *_), each in HANDLERS.items() if code in codes for name in each.settings}
    if missing := sorted(needed - os.environ.keys()):
        parser.error(
            f"{' and '.join(missing)} must be set for these departments: docs/departments.md says how to get a token."
        )
    if "KAFKA_URL" not in os.environ:
        parser.error("KAFKA_URL is not set. It is the address of the broker: KAFKA_URL=127.0.0.1:9092")
    asyncio.run(main(codes))
