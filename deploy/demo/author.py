"""What the author of one request does at the counter: they file it, and sometimes write again or take it back."""

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.demo.cases import Act, Attachment, Case, Run, sha256_of
from deploy.demo.client import Filed, PublicApi, Session
from deploy.demo.data import DemoMessage, DemoRequest, read_document


@dataclass(frozen=True, slots=True)
class Author:
    """`number` is the request's among those of the run: the keys of its sendings derive from it."""

    api: PublicApi
    session: Session
    run: Run
    number: int

    async def file(self, row: DemoRequest) -> Case:
        attachments = await self._send(row.documents, "file")
        named = [attachment.document_id for attachment in attachments]
        filed = await self.api.file(self.session, self.run.key(self.number), row, named)
        acts = [await self._write(filed, message, place) for place, message in enumerate(row.messages)]
        if row.withdrawn:
            key = self.run.key(self.number, "withdrawal")
            acts.append(Act(await self.api.withdraw(self.session, key, filed)))
        return Case(
            row=row,
            account=self.run.accounts[row.account],
            account_id=self.session.account_id,
            reference=filed.reference,
            request_id=filed.request_id,
            attachments=attachments,
            acts=tuple(acts),
        )

    async def _write(self, filed: Filed, message: DemoMessage, place: int) -> Act:
        attachments = await self._send(message.documents, "message", place, "file")
        key = self.run.key(self.number, "message", place)
        named = [attachment.document_id for attachment in attachments]
        return Act(await self.api.write(self.session, key, filed, message.text, named), message.text, attachments)

    async def _send(self, names: Sequence[str], *parts: int | str) -> tuple[Attachment, ...]:
        sent = []
        for place, name in enumerate(names):
            content = read_document(name)
            key = self.run.key(self.number, *parts, place)
            sent.append(
                Attachment(await self.api.send_file(self.session, key, name, content), name, sha256_of(content))
            )
        return tuple(sent)
