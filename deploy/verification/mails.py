"""The sent mails, as the mail catcher of the local stack stores them: one file each."""

import re
from email import message_from_bytes, policy
from pathlib import Path
from typing import Final

from deploy.verification.evidence import Mail

REFERENCE: Final = re.compile(r"PO-[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]")


def mails_in(folder: Path, exclude: frozenset[str] = frozenset()) -> list[Mail]:
    """The mails in `folder`, without the files named in `exclude`."""
    return [_mail(file) for file in sorted(folder.glob("*.eml")) if file.name not in exclude]


def mail_names(folder: Path) -> frozenset[str]:
    return frozenset(file.name for file in folder.glob("*.eml"))


def _mail(file: Path) -> Mail:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    reference = REFERENCE.search(str(message["Subject"]))
    identifier = str(message["Message-ID"]).strip("<> ").partition("@")[0]
    parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    text = "\n".join([str(message["Subject"]), *parts])
    return Mail(identifier, str(message["Delivered-To"]), reference[0] if reference else "", text)
