"""The author of one request: files it through the public API, and may add messages or withdraw it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deploy.demo.cases import Run, sha256_of, submission_of
from deploy.demo.client import Filed, PublicApi, Session
from deploy.demo.data import DemoMessage, DemoRequest, read_document
from deploy.verification.evidence import MESSAGE, WITHDRAWAL, Act, File, Submission


@dataclass(frozen=True, slots=True)
class Author:
    """`number`: the number of the request in the run. The idempotency keys derive from it."""

    api: PublicApi
    session: Session
    run: Run
    number: int

    def planned(self, row: DemoRequest) -> Submission:
        """The submission before it is sent: without files, reference and acts."""
        return submission_of(self.number, row, self.run.accounts[row.account], self.session.account_id)

    async def file(self, row: DemoRequest) -> Submission:
        files = await self._send(row.documents, "file")
        documents = [file.document_id for file in files]
        filed = await self.api.file(self.session, self.run.key(self.number), row, documents)
        acts = [await self._write(filed, message, index) for index, message in enumerate(row.messages)]
        if row.withdrawn:
            key = self.run.key(self.number, "withdrawal")
            acts.append(Act(WITHDRAWAL, str(await self.api.withdraw(self.session, key, filed))))
        return replace(
            self.planned(row),
            files=files,
            reference=filed.reference,
            request_id=filed.request_id,
            acts=tuple(acts),
        )

    async def _write(self, filed: Filed, message: DemoMessage, index: int) -> Act:
        files = await self._send(message.documents, "message", index, "file")
        key = self.run.key(self.number, "message", index)
        act_id = await self.api.write(self.session, key, filed, message.text, [file.document_id for file in files])
        return Act(MESSAGE, str(act_id), message.text, files)

    async def _send(self, names: Sequence[str], *parts: int | str) -> tuple[File, ...]:
        sent = []
        for index, name in enumerate(names):
            content = read_document(name)
            key = self.run.key(self.number, *parts, index)
            document_id = await self.api.send_file(self.session, key, name, content)
            sent.append(File(document_id, name, sha256_of(content)))
        return tuple(sent)
