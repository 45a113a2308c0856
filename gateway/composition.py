"""The composition root: builds the services of one gateway process from its settings."""

from gateway.accounts.guesses import Guesses
from gateway.accounts.imports import AccountImports
from gateway.accounts.service import SignIn
from gateway.accounts.session_checks import SessionChecks
from gateway.accounts.sessions import Sessions
from gateway.accounts.store import AccountStore, KnownNetworks, SessionStore
from gateway.banners.current import Banners
from gateway.banners.store import BannerStore
from gateway.dependencies import Services
from gateway.desk.contacts import Contacts
from gateway.desk.queries import DeskQueries
from gateway.desk.store import DeskStore, TokenStore
from gateway.documents.client import DocumentsClient
from gateway.documents.uploads import UploadService
from gateway.drafts.files import DraftFiles
from gateway.drafts.revisions import Revisions
from gateway.drafts.service import DraftService
from gateway.drafts.store import DraftStore
from gateway.drafts.submission import DraftSubmission
from gateway.limits.counters import Counters
from gateway.limits.from_settings import Limits, limits_of
from gateway.live.updates import live_updates
from gateway.portal.kept_forms import KeptForms
from gateway.readiness import DependencyProbe
from gateway.receipts.printing import ReceiptPrinter
from gateway.requests.acts import ActService
from gateway.requests.held_withdrawals import HeldWithdrawals, HeldWithdrawalStore
from gateway.requests.notice_marks import NoticeMarks
from gateway.requests.queries import RequestQueries
from gateway.requests.receipts import IssuedReceipts
from gateway.requests.store import ViewStore
from gateway.requests.submissions import SubmissionService
from gateway.settings import Settings
from gateway.status.broker import BrokerReader
from gateway.status.measuring import TOPICS, ServiceStatus
from services.common.messaging import Publisher
from services.common.receipts.signing import ReceiptKeys
from services.common.store import Database


def build_services(settings: Settings, database: Database, publisher: Publisher, probe: DependencyProbe) -> Services:
    accounts, session_store, views = AccountStore(database), SessionStore(database), ViewStore(database)
    counters = Counters(database, settings.id_secret)
    limits = limits_of(settings, views, counters)
    sessions = Sessions(session_store, accounts, settings.session_idle)
    networks = KnownNetworks(database, settings.id_secret)
    sign_in = SignIn(accounts, sessions, networks, Guesses(counters), settings.id_secret, limits.sign_ins)
    documents = DocumentsClient(settings.documents_url, settings.internal_secret)
    queries = RequestQueries(views, IssuedReceipts(), settings.cursor_secret)
    submissions = _submission_service(settings, publisher, documents, queries, limits)
    drafts, notice_marks = Revisions(DraftStore(database)), NoticeMarks(database, views)
    banners = BannerStore(database)
    receipt_keys = ReceiptKeys(settings.receipt_seeds)
    desk = DeskQueries(DeskStore(database), TokenStore(database), settings.cursor_secret)
    checks = SessionChecks(session_store, accounts, settings.session_idle)
    return Services(
        settings=settings,
        accounts=accounts,
        sessions=sessions,
        sign_in=sign_in,
        imports=AccountImports(
            accounts, networks, sessions, drafts.store, notice_marks, sign_in.passwords, settings.id_secret
        ),
        documents=documents,
        uploads=UploadService(documents, limits.uploads, settings.id_secret),
        submissions=submissions,
        queries=queries,
        receipt_keys=receipt_keys,
        receipt_printer=ReceiptPrinter(receipt_keys, settings.public_url),
        kept_forms=KeptForms(database),
        acts=_act_service(submissions, limits),
        held_withdrawals=_held_withdrawals(settings, database, submissions, limits),
        notice_marks=notice_marks,
        drafts=_draft_service(drafts, submissions, limits),
        desk=desk,
        department_contacts=_contacts(settings, desk, views, accounts, counters),
        stored_banners=banners,
        banners=Banners(banners.all),
        status=ServiceStatus(probe, documents, BrokerReader(settings.kafka_url, TOPICS)),
        live=live_updates(settings.kafka_url, checks, queries, settings.account_limits_times),
    )


def _contacts(
    settings: Settings, desk: DeskQueries, views: ViewStore, accounts: AccountStore, counters: Counters
) -> Contacts:
    per_hour = settings.department_contacts_per_hour * settings.account_limits_times
    return Contacts(desk, views, accounts, counters, per_hour)


def _submission_service(
    settings: Settings, publisher: Publisher, documents: DocumentsClient, queries: RequestQueries, limits: Limits
) -> SubmissionService:
    return SubmissionService(
        documents=documents,
        publisher=publisher,
        queries=queries,
        account_limit=limits.requests,
        places=limits.submits,
        id_secret=settings.id_secret,
        receipt_secret=settings.cursor_secret,
    )


def _act_service(submissions: SubmissionService, limits: Limits) -> ActService:
    return ActService(
        submissions.documents,
        submissions.publisher,
        submissions.queries,
        submissions.keys,
        limits.acts,
        limits.acts_in_progress,
        submissions.id_secret,
    )


def _held_withdrawals(
    settings: Settings, database: Database, submissions: SubmissionService, limits: Limits
) -> HeldWithdrawals:
    return HeldWithdrawals(
        HeldWithdrawalStore(database),
        submissions.publisher,
        submissions.queries,
        limits.acts,
        settings.id_secret,
        settings.withdrawal_undo,
    )


def _draft_service(revisions: Revisions, submissions: SubmissionService, limits: Limits) -> DraftService:
    return DraftService(
        revisions=revisions,
        files=DraftFiles(submissions.documents),
        submission=DraftSubmission(revisions, submissions),
        queries=submissions.queries,
        account_limit=limits.drafts,
        places=limits.drafts_in_progress,
        id_secret=submissions.id_secret,
    )
