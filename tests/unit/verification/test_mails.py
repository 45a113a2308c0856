"""Mails as the catcher keeps them."""

from pathlib import Path

from deploy.verification.evidence import Mail
from deploy.verification.mails import mail_names, mails_in

MAIL = """\
Return-Path: <nao-responder@postigo.example>
Delivered-To: rita.sobral@example.org
From: Postigo <nao-responder@postigo.example>
Subject: =?utf-8?q?Pedido_PO-7K3QX-9M2TA-4_respondido_=E2=9C=93?=
Message-ID: <7d444840-9dc0-41d1-b245-5ffdce74fad2@postigo.example>

Olá.
"""


def test_a_mail_is_known_by_its_message_id_its_reference_and_who_got_it(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_text(MAIL, encoding="utf-8")
    (tmp_path / ".2.partial").write_text("half of", encoding="utf-8")
    known = Mail("7d444840-9dc0-41d1-b245-5ffdce74fad2", "rita.sobral@example.org", "PO-7K3QX-9M2TA-4")
    assert mails_in(tmp_path) == [known]


def test_mails_from_before_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_text(MAIL, encoding="utf-8")
    before = mail_names(tmp_path)
    (tmp_path / "2.eml").write_text(MAIL.replace("Subject", "X-Subject"), encoding="utf-8")
    assert [mail.reference for mail in mails_in(tmp_path, before)] == [""]
