"""One step of filing a request: whose draft it is, and how the page of a step is rendered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends
from starlette.responses import Response

from gateway.documents.received_files import ReceivedFiles
from gateway.drafts import question_form, steps
from gateway.drafts.domain import Draft
from gateway.drafts.question_form import QuestionField
from gateway.drafts.steps import Step
from gateway.help.search import search
from gateway.path_ids import path_id
from gateway.portal.page import Page, PageDep, Reader, ReaderDep, ResponseInstead
from gateway.requests.answers import answers_in_words, questions_of
from gateway.requests.list_filter import ListFilter
from gateway.requests.names import Names
from gateway.requests.presenter import RequestPresenter
from gateway.requests.read_schemas import RequestSummary
from services.common.catalogue import catalogue
from services.common.catalogue.questions import Questions
from services.common.contracts.intake import Answer
from services.common.contracts.lifecycle import State
from services.common.http.languages import Words
from services.common.legal_clock import Calendar, Deadline, day_of, deadline

BACK: Final = "voltar"
"""The field and the query parameter that lead back to the check page after one answer is changed."""

NOT_CONFIRMED: Final = Words(
    "Não confirmado: pode ou não ter ficado registado. Envie outra vez; não cria outro pedido.",
    "Not confirmed: it may or may not have been filed. Send it again; it does not make another request.",
)

NONE: Final = Words("Nenhum destes", "None of these")

TEMPLATES: Final[Mapping[Step, str]] = {
    Step.DESCRIPTION: "drafts/describe.html",
    Step.LIFE_EVENT: "drafts/choose.html",
    Step.SUBJECT: "drafts/choose.html",
    Step.REASON: "drafts/choose.html",
    Step.LINKED: "drafts/choose.html",
    Step.QUESTIONS: "drafts/questions.html",
    Step.FILES: "drafts/files.html",
    Step.CHECK: "drafts/check.html",
}


OPEN: Final = (State.RECEIVED, State.REGISTERED, State.IN_ANALYSIS, State.AWAITING_DOCUMENTS)
MOST_OPEN: Final = 3
"""Open requests that are shown before another one is filed."""

MOST_LINKABLE: Final = 8
"""Open requests that can be chosen as the one that is asked about."""

MOST_SUGGESTED: Final = 3

NONE_OF_THESE: Final = "nenhum"
"""The choice of none of them."""


@dataclass(slots=True)
class Wizard:
    page: Page
    reader: Reader
    draft: Draft
    open_requests: Sequence[RequestSummary] = ()
    """Requests that are open: about the draft's subject, which the person may want to add to instead; or any, if this one asks about
    one of them.
    """
    asked_about: str | None = None
    """The department of the request that this one asks about, which gets it."""

    def path(self, step: Step) -> str:
        return f"/novo/{self.draft.draft_id}/{step}"

    def render(
        self,
        step: Step,
        errors: Mapping[str, str] | None = None,
        status: int | None = None,
        *,
        typed: str | None = None,
        values: Mapping[str, str] | None = None,
        elsewhere: str = "",
        files: ReceivedFiles | None = None,
    ) -> Response:
        """The page of the step. `typed` is what the person answered there (`values`, to questions), and `elsewhere` what was answered
        meanwhile on another device. `files` are the last ones that were sent.
        """
        errors = {**(errors or {}), **(files.errors if files else {})}
        back = self.page.form.value(BACK) or self.page.request.query_params.get(BACK, "")
        return self.page.render(
            TEMPLATES[step],
            status or (HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK),
            draft=self.draft,
            step=step,
            steps=self._steps(step),
            before=None if (before := steps.step_before(self.draft.content, step)) is None else self.path(before),
            value=self._answer(step) if typed is None else typed,
            elsewhere=elsewhere,
            errors=errors,
            back=Step.CHECK if back == Step.CHECK else "",
            options=self._options(step),
            suggestions=self._suggestions(step),
            questions=self._questions(step, values),
            open_requests=self.open_requests,
            usual=steps.usual_documents(catalogue(), self.draft.content.reason, self.page.language),
            **self._check(step),
        )

    @property
    def judged_on(self) -> date:
        """The day by which the answers are judged: that of the first sending, if there was one."""
        sending = self.draft.sending
        return self.page.today if sending is None or sending.since is None else day_of(sending.since)

    def go_on(self, step: Step) -> Response:
        """To the next step; back to the check page if the answer was changed from there and nothing is missing."""
        missing = steps.first_missing(self.draft.content, self.judged_on)
        if self.page.form.value(BACK) == Step.CHECK:
            return self.page.go_to(self.path(missing or Step.CHECK))
        return self.page.go_to(self.path(steps.step_after(self.draft.content, step)))

    def _linkable(self) -> list[steps.Option]:
        """The open requests, the chosen one even if it is no longer among them, and none of them."""
        language, chosen = self.page.language, self.draft.content.linked_to
        found = [
            steps.Option(each.reference, each.subject_name or each.reference, f"{each.reference} · {each.state_name}")
            for each in self.open_requests
        ]
        if chosen and chosen not in {each.code for each in found}:
            found.insert(0, steps.Option(chosen, chosen))
        return [*found, steps.Option(NONE_OF_THESE, NONE.in_(language))]

    async def read_requests(self, step: Step) -> None:
        """Read the earlier requests that the page of the step is about."""
        linked = self.draft.content.linked_to
        if step is Step.CHECK and linked and self.asks_about:
            found = await self.page.services.queries.find(self.reader.session, linked, None)
            self.asked_about = found.view.department if found and found.view else None
        if step not in (Step.REASON, Step.LINKED):
            return
        queries, any_subject = self.page.services.queries, step is Step.LINKED
        wanted = ListFilter(subject=None if any_subject else self.draft.content.subject, states=OPEN)
        most = MOST_LINKABLE if any_subject else MOST_OPEN
        views, _ = await queries.list(self.reader.session, wanted, None, most)
        presenter = RequestPresenter(self.page.language)
        self.open_requests = [presenter.summary(each) for each in views]

    @property
    def asks_about(self) -> bool:
        """Whether the draft's reason is about an ongoing request."""
        return Step.LINKED in steps.steps_of(self.draft.content)

    @property
    def asked(self) -> Questions | None:
        """The questions of the draft's reason."""
        return questions_of(self.draft.content.subject, self.draft.content.reason)

    def _questions(self, step: Step, values: Mapping[str, str] | None) -> list[QuestionField]:
        if step is not Step.QUESTIONS or (asked := self.asked) is None:
            return []
        shown = question_form.stored_values(asked, self.draft.content.answers) if values is None else values
        return question_form.fields(asked, shown, self.page.language, self.page.today)

    def _answers(self) -> tuple[Answer, ...]:
        """The stored answers to the questions, in words; without those that do not fit."""
        content, asked = self.draft.content, self.asked
        wrong = {each.name for each in asked.wrong(content.answers, self.judged_on)} if asked else set()
        fitting = {name: value for name, value in content.answers.items() if name not in wrong}
        return answers_in_words(content.subject or "", content.reason or "", fitting, self.page.language)

    def _steps(self, current: Step) -> list[tuple[Step, str, str]]:
        """Each step with its title and address; without an address if an earlier answer is missing."""
        found, missing = steps.steps_of(self.draft.content), steps.first_missing(self.draft.content, self.judged_on)
        last = found.index(missing) if missing else len(found)
        return [
            (step, steps.TITLES[step].in_(self.page.language), self.path(step) if number <= last else "")
            for number, step in enumerate(found)
        ]

    def _answer(self, step: Step) -> str:
        content = self.draft.content
        answers = {
            Step.DESCRIPTION: content.description,
            Step.LIFE_EVENT: content.life_event,
            Step.SUBJECT: content.subject,
            Step.REASON: content.reason,
            Step.LINKED: content.linked_to,
        }
        return answers.get(step) or ""

    def answer_in_words(self, step: Step) -> str:
        """The answer that is stored: what was written, or the name of what was chosen."""
        if step is Step.QUESTIONS:
            return "\n".join(f"{each.question} {each.text}" for each in self._answers())
        code = self._answer(step)
        return next((each.name for each in self._options(step) if each.code == code), code)

    def _options(self, step: Step) -> list[steps.Option]:
        content, who, language = self.draft.content, self.reader.session.who, self.page.language
        if step is Step.LINKED:
            return self._linkable()
        if step is Step.LIFE_EVENT:
            return steps.life_events(catalogue(), who, language)
        if step is Step.SUBJECT:
            return steps.subjects(catalogue(), content.life_event, who, language)
        return steps.reasons(catalogue(), content.subject, language) if step is Step.REASON else []

    def _suggestions(self, step: Step) -> list[steps.Option]:
        """The subjects whose help fits best what was written."""
        found = (
            search(catalogue(), self.page.language, self.draft.content.description) if step is Step.LIFE_EVENT else None
        )
        subjects = [catalogue().subjects[code] for code in (found.codes if found else ())]
        own = [each for each in subjects if each.open_to(self.reader.session.who)]
        return [steps.Option(each.code, each.name(self.page.language)) for each in own[:MOST_SUGGESTED]]

    def _check(self, step: Step) -> dict[str, object]:
        """What the check page says beside the answers."""
        if step is not Step.CHECK:
            return {}
        content, names = self.draft.content, Names(self.page.language)
        event = catalogue().life_event(content.life_event or "")
        department = self.asked_about or catalogue().department_of(content.subject or "")
        return {
            "answers": {
                Step.LIFE_EVENT: event.name(self.page.language) if event else "",
                Step.SUBJECT: names.subject(content.subject),
                Step.REASON: names.reason(content.reason),
            },
            "to_questions": self._answers() if self.asked else None,
            "asks_about": self.asks_about,
            "restricted": catalogue().is_restricted(content.reason or ""),
            "department": names.department(department),
            "not_confirmed": NOT_CONFIRMED.in_(self.page.language),
            "expected": self._expected(department),
        }

    def _expected(self, department: str | None) -> Deadline | None:
        """The last day of the legal term if the request were filed now, by the public holidays."""
        reason = catalogue().reason(self.draft.content.reason or "")
        if reason is None:
            return None
        place = self.reader.session.place
        days = Calendar.of_public_holidays().working_days(department, place)
        term = catalogue().clocks[reason.clock]
        return deadline(self.page.today, reason.clock, term, days, place=place)


async def get_wizard(page: PageDep, reader: ReaderDep, draft_id: str) -> Wizard:
    """The draft of this account. Once it is filed, its pages lead to the receipt."""
    draft = await page.services.drafts.find(reader.session, path_id(draft_id, "draft_id"))
    if draft.filed_as is not None:
        raise ResponseInstead(page.go_to(receipt_path(draft.filed_as.reference, draft)))
    page.subject = draft.content.subject
    return Wizard(page, reader, draft)


WizardDep = Annotated[Wizard, Depends(get_wizard)]


def receipt_path(reference: str, draft: Draft) -> str:
    return f"/pedidos/{reference}/recibo?rascunho={draft.draft_id}"
