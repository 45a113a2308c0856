"""What the author of one request does at the counter: they file it, and sometimes write again or take it back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deploy.demo.cases import Run, sha256_of, submission_of
from deploy.demo.client import Filed, PublicApi, Session
from deploy.demo.data import DemoMessage, DemoRequest, read_document
from deploy.verification.evidence import MESSAGE, WITHDRAWAL, Act, File, Submission


@dataclass(frozen=True, slots=True)
class Author:
    """`number` is the request's among those of the run: the keys of its sendings derive from it."""

    api: PublicApi
    session: Session
    run: Run
    number: int

    def intends(self, row: DemoRequest) -> Submission:
        """The request before it is sent."""
        return submission_of(self.number, row, self.run.accounts[row.account], self.session.account_id)

    async def file(self, row: DemoRequest) -> Submission:
        files = await self._send(row.documents, "file")
        named = [file.document_id for file in files]
        filed = await self.api.file(self.session, self.run.key(self.number), row, named)
        acts = [await self._write(filed, message, place) for place, message in enumerate(row.messages)]
        if row.withdrawn:
            key = self.run.key(self.number, "withdrawal")
            acts.append(Act(WITHDRAWAL, str(await self.api.withdraw(self.session, key, filed))))
        return replace(
            self.intends(row),
            files=files,
            reference=filed.reference,
            request_id=filed.request_id,
            acts=tuple(acts),
        )

    async def _write(self, filed: Filed, message: DemoMessage, place: int) -> Act:
        files = await self._send(message.documents, "message", place, "file")
        key = self.run.key(self.number, "message", place)
        act_id = await self.api.write(self.session, key, filed, message.text, [file.document_id for file in files])
        return Act(MESSAGE, str(act_id), message.text, files)

    async def _send(self, names: Sequence[str], *parts: int | str) -> tuple[File, ...]:
        sent = []
        for place, name in enumerate(names):
            content = read_document(name)
            key = self.run.key(self.number, *parts, place)
            document_id = await self.api.send_file(self.session, key, name, content)
            sent.append(File(document_id, name, sha256_of(content)))
        return tuple(sent)
