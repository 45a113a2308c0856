"""The gateway's composition root."""

from functools import partial
from typing import Final

from fastapi import FastAPI

from gateway.accounts import api as accounts_api
from gateway.accounts.service import SignIn
from gateway.accounts.sessions import Sessions
from gateway.accounts.store import AccountStore, SessionStore
from gateway.catalogue import api as catalogue_api
from gateway.documents import api as documents_api
from gateway.documents.remote import DocumentService
from gateway.engines import Engines
from gateway.limits import Doors
from gateway.openapi import publish
from gateway.reference import api as reference_api
from gateway.requests import api as requests_api
from gateway.requests.acts import Acting
from gateway.requests.reading import Reading
from gateway.requests.store import ViewStore
from gateway.requests.submit import Filing
from gateway.settings import Settings
from gateway.wired import Wired
from services.common.catalogue import catalogue
from services.common.messaging import Publisher
from services.common.process import Process
from services.common.store import INTERACTIVE, Database, connect, database, disconnect
from services.common.web import problems
from services.common.web.edge import Edge
from services.common.web.straight import Straight, straight

APPENDED_WITHIN: Final = 5.0
"""Seconds the broker has to acknowledge a record; with the claim's 1.5 a submit is answered well within eight."""


def build(settings: Settings) -> FastAPI:
    client = connect(settings.mongo_url, settings.mongo_driver, INTERACTIVE)
    own = database(client, f"{settings.mongo_database_prefix}_gateway")
    publisher = Publisher(settings.kafka_url, client_id="postigo-gateway", timeout=APPENDED_WITHIN)
    wired = _wire(settings, own, publisher)
    engines = Engines(publisher, own)
    process = Process(
        "gateway",
        publisher=publisher,
        prepare=[wired.accounts.ensure_indexes, wired.sessions.ensure_indexes, wired.reading.views.ensure_indexes],
        loops=[engines],
        checks=[engines.trouble],
        close=[partial(disconnect, client), wired.sign_in.verifier.close, wired.documents.close],
    )
    app = process.app(openapi_url="/v1/openapi.json", docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.wired = wired
    problems.install(app)
    app.add_middleware(Straight, routes=straight(requests_api.submit_router.routes))
    app.add_middleware(Edge, at_door=_doors(wired))
    # In the order in which they are tried: filing first.
    for router in (requests_api.submit_router, requests_api.router, documents_api.router, accounts_api.router):
        app.include_router(router)
    for router in (catalogue_api.router, reference_api.router):
        app.include_router(router)
    publish(app)
    return app


def _doors(wired: Wired) -> Doors:
    return Doors(
        {
            ("POST", "/v1/requests"): wired.filing.in_flight,
            ("POST", "/v1/sessions"): wired.sign_in.in_flight,
            ("POST", "/v1/documents"): documents_api.in_flight,
        }
    )


def _wire(settings: Settings, own: Database, publisher: Publisher) -> Wired:
    accounts = AccountStore(own)
    sessions = Sessions(SessionStore(own))
    documents = DocumentService(settings.documents_url, settings.internal_secret)
    filing = Filing(
        sessions=sessions,
        documents=documents,
        publisher=publisher,
        catalogue=catalogue(),
        id_secret=settings.id_secret,
        receipt_secret=settings.cursor_secret,
    )
    reading = Reading(ViewStore(own), filing.issued, settings.cursor_secret)
    return Wired(
        settings=settings,
        accounts=accounts,
        sessions=sessions,
        sign_in=SignIn(accounts, sessions, settings.id_secret),
        documents=documents,
        filing=filing,
        reading=reading,
        acting=Acting(sessions, documents, publisher, reading, filing.keys, settings.id_secret),
    )
