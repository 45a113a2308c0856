"""What a receipt says: the words and files as they were filed, and, once assigned, the department and the legal date."""

import hashlib

from gateway.receipts.claims import claims_of, short
from gateway.requests.queries import Found
from gateway.settings import Settings
from services.common.contracts.intake import Answer
from services.common.contracts.lifecycle import DocumentAccepted, DocumentRefused, MessageAdded, RequestRouted
from services.common.receipts.signed_deadline import SignedDeadline
from services.common.receipts.signing import ReceiptKeys
from services.common.receipts.verification import MergedFiles, ReceiptClaims, SignedFile
from tests.unit.gateway import lives
from tests.unit.gateway.builders import BODY, NOON
from tests.unit.gateway.test_receipts import RECEIPT
from tests.unit.gateway.test_routes import applications

FOUND = RECEIPT._replace(filed_at=NOON)


def test_without_a_view_there_is_no_signed_receipt_yet() -> None:
    assert claims_of(Found(None, FOUND)) is None


def test_the_text_is_hashed_as_it_was_written() -> None:
    claims = claims_of(Found(lives.life(), FOUND))
    assert claims is not None
    assert claims.text_sha256 == hashlib.sha256(str(BODY["description"]).encode()).hexdigest()
    assert (claims.department, claims.filed_at) == (None, NOON)


def test_answers_are_hashed_as_one_json_object_in_whatever_order_they_were_given() -> None:
    answers = (
        Answer(name="return_on", question="Em que dia?", value="2026-03-04", text="4 de março"),
        Answer(name="months", question="Quantos?", value=12, text="12"),
    )
    for given in (answers, answers[::-1]):
        claims = claims_of(Found(lives.life().model_copy(update={"answers": given}), FOUND))
        assert claims is not None
        wanted = hashlib.sha256(b'{"months":12,"return_on":"2026-03-04"}').hexdigest()
        assert (claims.answers_sha256, short(claims).answers_sha256) == (wanted, wanted)


def test_there_is_no_signed_receipt_until_every_file_is_checked() -> None:
    files = {"documents": (lives.FILE,)}
    unchecked = lives.life().model_copy(update=files)
    assert claims_of(Found(unchecked, FOUND)) is None
    taken = lives.life(lives.sample(DocumentAccepted, 2, sha256="a" * 64))
    not_taken = lives.life(lives.sample(DocumentRefused, 2, document_id=lives.FILE))
    accepted, refused = (claims_of(Found(each.model_copy(update=files), FOUND)) for each in (taken, not_taken))
    assert accepted is not None
    assert refused is not None
    assert (len(accepted.files), len(refused.files)) == (1, 0)


def test_once_assigned_it_names_department_and_legal_date() -> None:
    routed = lives.sample(RequestRouted, 2).model_copy(update={"deadline": lives.term()})
    claims = claims_of(Found(lives.life(routed), FOUND))
    assert claims is not None
    assert claims.department == routed.department  # type: ignore[attr-defined]
    assert claims.deadline is not None
    assert (claims.deadline.term, claims.deadline.unit) == ("INF10", "working_days")
    assert claims.deadline.counted() == lives.term()


def test_the_short_form_merges_many_files_and_says_no_reason() -> None:
    files = tuple(SignedFile(name=f"{each}.pdf", sha256=each * 64) for each in "abcd")
    claims = ReceiptClaims(
        reference="PO-7K3QX-9M2TA-B",
        filed_at=NOON,
        as_of=NOON,
        files=files,
        deadline=SignedDeadline.of(lives.term()),
    )
    shortened = short(claims)
    lines = "".join(f"{each.sha256}\n" for each in files)
    assert shortened.merged_files == MergedFiles(count=4, sha256=hashlib.sha256(lines.encode()).hexdigest())
    assert (shortened.files, shortened.deadline and shortened.deadline.reason) == ((), None)
    assert (shortened.reference, shortened.filed_at, shortened.deadline and shortened.deadline.due_on) == (
        claims.reference,
        claims.filed_at,
        lives.term().due_on,
    )
    few = short(claims.model_copy(update={"files": files[:3], "deadline": None}))
    assert (few.merged_files, few.files) == (None, tuple(SignedFile(sha256=each.sha256) for each in files[:3]))


def test_only_files_that_were_filed_with_the_request_are_in_it() -> None:
    accepted = lives.sample(DocumentAccepted, 2).model_copy(update={"sha256": "c" * 64})
    view = lives.life(accepted, lives.sample(MessageAdded, 3))
    assert claims_of(Found(view, FOUND)).files == ()  # type: ignore[union-attr]
    named = view.model_copy(update={"documents": (lives.FILE,)})
    (file,) = claims_of(Found(named, FOUND)).files  # type: ignore[union-attr]
    assert file.name == "recibo.pdf"


def test_the_same_view_gives_the_same_receipt() -> None:
    keys, found = ReceiptKeys([b"k" * 32]), Found(lives.life(), FOUND)
    first, second = claims_of(found), claims_of(found)
    assert first is not None
    assert second is not None
    assert keys.sign(first) == keys.sign(second)


def test_a_key_that_was_set_signs_and_the_derived_one_stays() -> None:
    settings: Settings = applications().public.state.services.settings
    assert len(settings.receipt_seeds) == 1
    rotated = Settings.model_validate(settings.model_dump() | {"receipt_keys": f"{'ab' * 32}, {'cd' * 32}"})
    assert rotated.receipt_seeds == [bytes.fromhex("ab" * 32), bytes.fromhex("cd" * 32), *settings.receipt_seeds]
