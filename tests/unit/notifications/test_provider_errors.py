"""What a mail server's words mean for one delivery."""

import aiosmtplib
import pytest

from services.notifications.composing import mailbox
from services.notifications.domain import FailureKind
from services.notifications.mail import not_sent

WORDS = "mailbox of ana@example.org"


def _recipient(code: int) -> Exception:
    return aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(code, WORDS, "ana@example.org")])


@pytest.mark.parametrize(
    ("error", "kind", "because"),
    [
        (_recipient(450), FailureKind.DEFERRED, "smtp-450"),
        (_recipient(550), FailureKind.REFUSED, "smtp-550"),
        (_recipient(421), FailureKind.UNAVAILABLE, "smtp-421"),
        (aiosmtplib.SMTPDataError(451, WORDS), FailureKind.DEFERRED, "smtp-451"),
        (aiosmtplib.SMTPDataError(554, WORDS), FailureKind.REFUSED, "smtp-554"),
        (aiosmtplib.SMTPSenderRefused(550, WORDS, "us"), FailureKind.UNAVAILABLE, "smtp-sender-550"),
        (aiosmtplib.SMTPHeloError(504, WORDS), FailureKind.UNAVAILABLE, "smtp-away"),
        (aiosmtplib.SMTPServerDisconnected(WORDS), FailureKind.UNAVAILABLE, "smtp-away"),
        (aiosmtplib.SMTPReadTimeoutError(WORDS), FailureKind.UNAVAILABLE, "smtp-timeout"),
        (ConnectionResetError(WORDS), FailureKind.UNAVAILABLE, "smtp-away"),
        (aiosmtplib.SMTPNotSupported(WORDS), FailureKind.REFUSED, "bad-address"),
        (ValueError(WORDS), FailureKind.REFUSED, "bad-address"),
    ],
)
def test_only_what_is_said_of_this_mail_can_be_final(error: Exception, kind: FailureKind, because: str) -> None:
    meant = not_sent(error)
    assert (meant.kind, meant.because) == (kind, because)
    assert "ana" not in str(meant)


def test_a_sender_that_is_no_mailbox_is_named_at_the_start() -> None:
    with pytest.raises(ValueError, match="address"):
        mailbox("Postigo")
