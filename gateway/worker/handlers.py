"""The merge function of each event type."""

from typing import Final
from uuid import UUID

from gateway.desk.view import DeskCase, case_key
from gateway.requests.view import RequestView
from gateway.worker import domain
from services.common.contracts.deliveries import DeliveryFact
from services.common.contracts.departments import Assignment
from services.common.contracts.intake import RequestSubmitted
from services.common.contracts.lifecycle import LifecycleFact
from services.common.domain.identifiers import reference_of
from services.common.messaging import Projection

views: Final = Projection[RequestView](keys=lambda received: [reference_of(UUID(received.key))])

views.on(RequestSubmitted)(domain.apply_submission)
views.on(LifecycleFact)(domain.apply_fact)
views.on(DeliveryFact)(domain.apply_delivery)

cases: Final = Projection[DeskCase](keys=lambda received: [case_key(received.event.department, received.key)])

cases.on(Assignment)(domain.keep_latest_case)
