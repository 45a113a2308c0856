"""The gateway's applications: a public one for people, an internal one for probes and other services."""

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from fastapi import FastAPI
from fastapi.params import Depends

from gateway.accounts import api as accounts_api, internal_api as accounts_internal_api, pages as sign_in_pages
from gateway.banners import api as banners_api, internal_api as banners_internal_api
from gateway.catalogue import api as catalogue_api
from gateway.composition import build_services
from gateway.dependencies import Services
from gateway.desk import api as desk_api, internal_api as desk_internal_api
from gateway.documents import api as documents_api
from gateway.drafts import api as drafts_api, new_page, pages as draft_pages
from gateway.expiry import Expiry
from gateway.help import api as help_api, pages as help_pages
from gateway.limits.concurrency import AdmissionControl
from gateway.live import api as live_api
from gateway.openapi import SERVERS, SUMMARY, PublicApi
from gateway.outcomes import count_outcome
from gateway.portal import api as portal_api
from gateway.portal.errors import PORTAL_CSP, respond
from gateway.portal.page import ResponseInstead, answer_instead
from gateway.readiness import DependencyProbe
from gateway.receipts import api as receipts_api, pages as receipt_pages
from gateway.reference import api as reference_api
from gateway.requests import acts_api, api as requests_api
from gateway.requests.flood import FloodControl
from gateway.requests.pages import (
    acts as act_pages,
    home as home_pages,
    list as list_pages,
    notices as notice_pages,
    request as request_pages,
)
from gateway.settings import Settings
from gateway.status import api as status_api, pages as status_pages
from services.common.http import internal_auth, problems
from services.common.http.methods import HeadAndOptions
from services.common.http.middleware import RequestMiddleware
from services.common.messaging import Publisher
from services.common.runtime.process import NO_TELEMETRY, Process
from services.common.store import INTERACTIVE, connect, database, disconnect

SEND_TIMEOUT: Final = 5.0
"""Seconds the broker has to acknowledge a record. With 1.5 s for the claim, a submit is answered within 8 s."""

APIS: Final = (
    requests_api,
    acts_api,
    receipts_api,
    live_api,
    documents_api,
    drafts_api,
    accounts_api,
    catalogue_api,
    help_api,
    banners_api,
    status_api,
    desk_api,
    reference_api,
)
PAGES: Final = (
    portal_api,
    sign_in_pages,
    home_pages,
    list_pages,
    request_pages,
    act_pages,
    new_page,
    draft_pages,
    help_pages,
    notice_pages,
    receipt_pages,
    status_pages,
)
"""The modules with the routers of the public application."""


class Applications(NamedTuple):
    """`public` serves the listener behind the TLS proxy. `internal` runs the lifespan; its port is not published."""

    public: FastAPI
    internal: FastAPI


def build(settings: Settings) -> Applications:
    client = connect(settings.mongo_url, settings.mongo_driver, INTERACTIVE)
    gateway_database = database(client, f"{settings.mongo_database_prefix}_gateway")
    publisher = Publisher(settings.kafka_url, client_id="postigo-gateway", timeout=SEND_TIMEOUT)
    probe = DependencyProbe(publisher, gateway_database)
    services = build_services(settings, gateway_database, publisher, probe)
    process = Process(
        "gateway",
        publisher=publisher,
        prepare=[
            services.accounts.ensure_indexes,
            services.sessions.ensure_indexes,
            services.sign_in.networks.ensure_indexes,
            services.sign_in.guesses.counters.ensure_indexes,
            services.queries.views.ensure_indexes,
            services.kept_forms.ensure_indexes,
            services.held_withdrawals.store.ensure_indexes,
            services.drafts.revisions.store.ensure_indexes,
            services.desk.cases.ensure_indexes,
            services.banners.load,
        ],
        loops=[
            probe,
            services.status,
            services.banners,
            services.held_withdrawals,
            Expiry(gateway_database),
            services.live.reader,
            services.live.watch,
        ],
        checks=[probe.missing],
        close=[
            partial(disconnect, client),
            services.sign_in.passwords.close,
            services.receipt_printer.renderer.close,
            services.documents.close,
            services.status.close,
        ],
    )
    return Applications(public_app(services), internal_app(process, services))


def public_app(services: Services, dependencies: Sequence[Depends] = ()) -> FastAPI:
    """The public API. `dependencies` run before every endpoint."""
    app = PublicApi(
        title="Postigo",
        version="1.0.0",
        summary=SUMMARY,
        servers=SERVERS,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=dependencies,
        telemetry=NO_TELEMETRY,
    )
    app.state.services = services
    problems.install(app, respond)
    app.add_exception_handler(ResponseInstead, answer_instead)
    app.add_middleware(HeadAndOptions)
    app.add_middleware(
        RequestMiddleware, admission=_admission(services), observer=count_outcome, respond=respond, csp=PORTAL_CSP
    )
    for capability in (*APIS, *PAGES):
        app.include_router(capability.router)
    return app


def internal_app(process: Process, services: Services) -> FastAPI:
    """Health probes, metrics, and the endpoints that other services and operators' commands call with a signature."""
    app = process.app()
    app.state.services = services
    internal_auth.install(app, services.settings.internal_secret)
    for router in (
        accounts_internal_api.router,
        accounts_internal_api.lines_router,
        desk_internal_api.router,
        banners_internal_api.router,
    ):
        app.include_router(router)
    return app


def _admission(services: Services) -> AdmissionControl:
    return AdmissionControl(
        limits={
            ("POST", "/v1/requests"): services.submissions.limit,
            ("POST", "/v1/sessions"): services.sign_in.places.limit,
            ("POST", "/v1/documents"): services.uploads.limits.limit,
        },
        floods={("POST", "/v1/requests"): FloodControl(services.sessions, services.submissions)},
    )
