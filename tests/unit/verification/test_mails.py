"""Read the mails that the mail catcher stores."""

from pathlib import Path

from deploy.verification.evidence import Mail
from deploy.verification.mails import mail_names, mails_in

MAIL = """\
Return-Path: <nao-responder@postigo.example>
Delivered-To: rita.sobral@example.org
From: Postigo <nao-responder@postigo.example>
Subject: =?utf-8?q?Pedido_PO-7K3QX-9M2TA-B_respondido_=E2=9C=93?=
Message-ID: <7d444840-9dc0-41d1-b245-5ffdce74fad2@postigo.example>
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Olá.
--x
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+T2zDoS48L3A+
--x--
"""


def test_a_mail_has_its_id_recipient_reference_and_all_its_text(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_text(MAIL, encoding="utf-8")
    (tmp_path / ".2.partial").write_text("half of", encoding="utf-8")
    text = "Pedido PO-7K3QX-9M2TA-B respondido ✓\nOlá.\n<p>Olá.</p>"
    expected = Mail("7d444840-9dc0-41d1-b245-5ffdce74fad2", "rita.sobral@example.org", "PO-7K3QX-9M2TA-B", text)
    assert mails_in(tmp_path) == [expected]


def test_excluded_mails_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_text(MAIL, encoding="utf-8")
    before = mail_names(tmp_path)
    (tmp_path / "2.eml").write_text(MAIL.replace("Subject", "X-Subject"), encoding="utf-8")
    assert [mail.reference for mail in mails_in(tmp_path, before)] == [""]
