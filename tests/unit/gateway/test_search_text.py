"""The words by which a request is found, and when its latest notice left, as the worker keeps them."""

from datetime import date, datetime, timedelta
from itertools import permutations
from uuid import uuid4

from gateway.requests.list_filter import ListFilter
from gateway.requests.search_text import LONGEST, search_text
from gateway.requests.view import RequestView
from gateway.worker.handlers import views
from services.common.contracts.asked import AskedItem, ItemState
from services.common.contracts.decisions import Appeal
from services.common.contracts.deliveries import DeliveryFact, DeliverySent, DeliverySkipped
from services.common.contracts.lifecycle import DocumentAccepted, MessageAdded, RequestAnswered, State
from services.common.domain.identifiers import reference_of
from services.common.text.folding import LONGEST_QUERY, MAX_WORDS, searched_words
from tests.unit.gateway import lives
from tests.unit.gateway.builders import ACCOUNT, NOON, REQUEST, received, registered, submitted


def test_description_messages_answers_and_names_of_files_are_in_it() -> None:
    view = lives.life(MessageAdded, DocumentAccepted, RequestAnswered)
    for word in (" abono", " aqui", " recibo", " possivel", " child", f" {view.reference.split('-')[1].lower()}"):
        assert word in view.search_text, word


def test_the_whole_decision_and_what_was_asked_are_in_it() -> None:
    appeal = Appeal(means="Recurso hierárquico", until=date(2026, 6, 1))
    asked = AskedItem(number=1, what="Comprovativo de morada", why="Falta na conta", state=ItemState.OPEN)
    view = lives.life()
    decided = lives.sample(
        RequestAnswered, 3, State.ANSWERED, grounds="Rendimentos altos", appeal=appeal, asked=(asked,)
    )
    merge = views.of(decided)
    assert merge is not None
    found = merge(view, received(decided)).search_text
    for word in (" hierarquico", " rendimentos", " comprovativo", " falta"):
        assert word in found, word


def test_it_is_the_same_in_whatever_order_the_facts_arrive() -> None:
    events = [
        submitted(),
        registered(),
        lives.sample(MessageAdded, 2),
        lives.sample(RequestAnswered, 3, State.ANSWERED),
    ]
    texts = set()
    for order in permutations(events):
        view: RequestView | None = None
        for event in order:
            merge = views.of(event)
            assert merge is not None
            view = merge(view, received(event))
        assert view is not None
        texts.add(view.search_text)
    assert len(texts) == 1
    assert view is not None
    assert texts == {search_text(view)}


def test_it_is_bounded_and_has_each_word_once() -> None:
    view = lives.life().model_copy(update={"description": " ".join(f"palavra{each}" for each in range(9_000))})
    assert len(search_text(view)) == LONGEST
    words = search_text(lives.life()).split()
    assert len(words) == len(set(words))


def delivery(kind: type[DeliveryFact], at: datetime, **more: str) -> DeliveryFact:
    names = {"request_id": REQUEST, "reference": reference_of(REQUEST), "account_id": ACCOUNT, "occurred_at": at}
    about = {"delivery_id": uuid4(), "event_id": str(uuid4()), "notice": "registered", "channel": "email"}
    return kind.model_validate(names | about | more)


def test_a_notice_that_nobody_was_to_get_is_no_news() -> None:
    merge = views.of(delivery(DeliverySent, NOON))
    assert merge is not None
    skipped = delivery(DeliverySkipped, NOON + timedelta(hours=3), because="silent")
    view = merge(lives.life(), received(skipped, id="d-1"))
    assert view.notified_at is None
    for hours, name in ((2, "d-2"), (1, "d-3")):
        view = merge(view, received(delivery(DeliverySent, NOON + timedelta(hours=hours)), id=name))
    assert view.notified_at == NOON + timedelta(hours=2)


def test_a_query_has_few_words_of_some_length() -> None:
    assert searched_words("Não recebi o abono, já!") == ("nao", "recebi", "abono", "ja")
    assert searched_words("a b c ? !") == ()
    assert len(searched_words(" ".join(f"w{each}" for each in range(100)))) == MAX_WORDS
    assert searched_words("x" * 4_000) == ("x" * LONGEST_QUERY,)


def test_a_filter_of_one_state_alone_is_plain_and_keeps_old_cursors() -> None:
    assert ListFilter().tag == b""
    assert ListFilter(states=(State.RECEIVED,)).tag == b"received"
    assert ListFilter(states=(State.RECEIVED,)).is_plain
    assert not ListFilter(subject="FAM-01").is_plain
    assert len({ListFilter(subject=each).tag for each in ("FAM-01", "FAM-02")}) == 2
