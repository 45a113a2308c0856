"""Labels in Portuguese and English for facts, outcomes and reasons."""

from typing import Final

from services.common.contracts.asked import ItemState
from services.common.contracts.decisions import Outcome
from services.common.contracts.departments import Check
from services.common.contracts.lifecycle import State
from services.common.http.languages import Words

FACT_LABELS: Final[dict[str, Words]] = {
    "request.submitted": Words("Pedido recebido", "Request received"),
    "request.registered": Words("Pedido registado", "Request registered"),
    "request.routed": Words("Enviado ao departamento", "Sent to the department"),
    "request.in-analysis": Words("O departamento está a analisar o pedido", "The department is analysing the request"),
    "request.documents-requested": Words("O departamento pede documentos", "The department asks for documents"),
    "request.documents-reminder": Words(
        "Lembrete: há documentos por entregar", "Reminder: documents are still to be delivered"
    ),
    "request.documents-received": Words(
        "Os documentos pedidos foram todos recebidos", "All documents that were asked for are received"
    ),
    "request.documents-lapsed": Words(
        "O prazo para entregar os documentos terminou", "The time to deliver the documents has ended"
    ),
    "request.hearing-opened": Words(
        "O departamento tenciona indeferir o pedido: pode pronunciar-se antes da decisão",
        "The department intends to refuse the request: you can respond before the decision",
    ),
    "request.hearing-closed": Words("A audiência prévia terminou", "The hearing has ended"),
    "request.forwarded": Words("O pedido passou para outro departamento", "Another department has the request now"),
    "request.extended": Words("O prazo da resposta foi prorrogado", "The deadline for the answer was extended"),
    "request.deadline-approaching": Words("O prazo da resposta está a terminar", "The deadline for the answer is near"),
    "request.deadline-missed": Words(
        "O prazo da resposta passou sem decisão", "The deadline for the answer passed without a decision"
    ),
    "request.deadline-miss-retracted": Words(
        "Afinal o prazo da resposta foi cumprido", "The deadline for the answer was kept after all"
    ),
    "request.deadline-moved": Words(
        "O prazo da resposta mudou com o calendário", "The deadline for the answer changed with the calendar"
    ),
    "request.reopened": Words("O pedido está em análise de novo", "The request is in analysis again"),
    "request.rated": Words("A sua avaliação", "Your rating"),
    "request.answered": Words("Resposta do departamento", "Answer from the department"),
    "request.concluded": Words("Pedido concluído", "Request concluded"),
    "request.withdrawn": Words("Pedido retirado", "Request withdrawn"),
    "request.message-added": Words("A sua mensagem", "Your message"),
    "request.act-refused": Words("Não foi possível aceitar o que enviou", "What you sent could not be accepted"),
    "request.rejected": Words("Indeferido liminarmente", "Rejected as unintelligible or unidentified"),
    "request.document-accepted": Words("Documento recebido", "Document received"),
    "request.document-refused": Words("Documento recusado", "Document refused"),
    "delivery.sent": Words("Aviso enviado", "Notice sent"),
    "delivery.failed": Words("O aviso não chegou ao destino", "The notice did not arrive"),
    "delivery.skipped": Words("Aviso não enviado", "Notice not sent"),
}
"""By fact type. A fact without a label is internal and is not shown."""

LAPSED: Final = Words(
    "Pedido concluído: o prazo para reagir à resposta terminou",
    "Request concluded: the time to come back on the answer has ended",
)

REASON_LABELS: Final[dict[str, Words]] = {
    "not-allowed": Words(
        "O pedido já não estava num estado que o permitisse. Pode apresentar outro pedido.",
        "The request was no longer in a state that allows this. You can file another request.",
    ),
    "closed": Words(
        "O pedido já está encerrado, por isso a mensagem não seria lida. Pode enviá-la num novo pedido ligado a este.",
        "The request is closed, so the message would not be read. You can send it in a new request that is linked to this "
        "one.",
    ),
    "rated-already": Words(
        "Já avaliou este pedido. Cada pedido só pode ser avaliado uma vez.",
        "You have already rated this request. A request can be rated only once.",
    ),
    "other-format": Words(
        "O documento não está num dos formatos pedidos. Envie-o noutro formato.",
        "The document is in none of the formats that were asked for. Send it in another format.",
    ),
    "too-many-acts": Words(
        "Já fez demasiados envios sobre este pedido. Tente de novo dentro de uma hora.",
        "You have already sent too much about this request. Try again in an hour.",
    ),
    "expired": Words(
        "O ficheiro não foi usado a tempo e foi apagado. Envie-o de novo.",
        "The file was not used in time and was deleted. Upload it again.",
    ),
    "not-claimed": Words(
        "O ficheiro não pertence a este pedido ou já pertence a outro. Envie-o de novo.",
        "The file does not belong to this request or already belongs to another. Upload it again.",
    ),
    "no-account": Words("A conta não foi encontrada.", "The account was not found."),
    "no-address": Words("A conta não tem endereço de correio eletrónico.", "The account has no e-mail address."),
    "bad-address": Words(
        "Não conseguimos escrever para o endereço de correio eletrónico da conta. Indique outro.",
        "We cannot write to the e-mail address of the account. Give another one.",
    ),
    "not-wanted": Words(
        "A conta não recebe avisos por este meio.", "The account does not receive notices by this channel."
    ),
    "replay": Words("É a repetição de um aviso antigo.", "It repeats an old notice."),
    "replaced": Words(
        "Já tinha sido enviado um aviso mais recente sobre este pedido.",
        "A more recent notice about this request had been sent already.",
    ),
    "silent": Words("Esta novidade não precisa de aviso.", "This news needs no notice."),
}
"""By the code of a refusal, or of a notice that was not sent. Other codes come from a provider and have no text."""

NOT_ALLOWED_LABELS: Final[dict[State, Words]] = {
    State.RECEIVED: Words(
        "O pedido ainda não estava registado. Tente de novo daqui a pouco.",
        "The request was not registered yet. Try again shortly.",
    ),
    State.REGISTERED: Words(
        "O pedido estava registado e ainda não tinha sido analisado. Só depois da resposta o pode fazer.",
        "The request was registered and not analysed yet. You can do this only after the answer.",
    ),
    State.IN_ANALYSIS: Words(
        "O pedido estava em análise. Só depois da resposta o pode fazer.",
        "The request was in analysis. You can do this only after the answer.",
    ),
    State.AWAITING_DOCUMENTS: Words(
        "O pedido estava a aguardar documentos. Envie-os para que continue.",
        "The request was awaiting documents. Send them so that it goes on.",
    ),
    State.ANSWERED: Words(
        "O pedido já tinha sido respondido. Se a resposta não for suficiente, escreva uma mensagem.",
        "The request had already been answered. If the answer is not enough, write a message.",
    ),
    State.CONCLUDED: Words(
        "O pedido já tinha sido concluído, por isso não pode ser retirado. Se a resposta não for suficiente, pode escrever até "
        "ao dia que o pedido indica; depois, apresente outro.",
        "The request had already been concluded, so it cannot be withdrawn. If the answer is not enough, you can write until "
        "the day that the request names; after that, file another one.",
    ),
    State.WITHDRAWN: Words(
        "Tinha retirado este pedido, e um pedido retirado não pode ser alterado nem avaliado. Pode apresentar outro.",
        "You had withdrawn this request, and a withdrawn request can neither be changed nor rated. You can file another.",
    ),
    State.REJECTED: Words(
        "O pedido já tinha sido indeferido liminarmente. Pode apresentar outro pedido.",
        "The request had already been rejected. You can file another request.",
    ),
}
"""For `not-allowed`, by the state in which the request was then."""


NOTICE_NAMES: Final[dict[str, Words]] = {
    "registered": Words("pedido registado", "request registered"),
    "opened": Words("pedido aberto em seu nome", "request opened for you"),
    "answered": Words("resposta", "answer"),
    "resolved": Words("resposta e conclusão", "answer and conclusion"),
    "lapsed": Words("pedido concluído", "request concluded"),
    "rejected": Words("pedido indeferido liminarmente", "request rejected"),
    "withdrawn": Words("pedido retirado", "request withdrawn"),
    "reopened": Words("pedido em análise de novo", "request in analysis again"),
    "forwarded": Words("passagem a outro departamento", "transfer to another department"),
    "extended": Words("prazo prorrogado", "deadline extended"),
    "documents-requested": Words("documentos pedidos", "documents asked for"),
    "documents-reminder": Words("documentos por entregar", "documents still to be delivered"),
    "documents-lapsed": Words("documentos não entregues a tempo", "documents not delivered in time"),
    "document-refused": Words("documento recusado", "document refused"),
    "hearing-opened": Words("audiência prévia", "hearing"),
    "hearing-lapsed": Words("fim da audiência prévia", "end of the hearing"),
}
"""By the name of a notice: what it is about."""

CHECK_NAMES: Final[dict[Check, Words]] = {
    Check.CHECKING: Words("Em verificação", "Being checked"),
    Check.ACCEPTED: Words("Recebido", "Received"),
    Check.REFUSED: Words("Recusado", "Refused"),
    Check.UNKNOWN: Words("Em tratamento", "In progress"),
}

OUTCOME_NAMES: Final[dict[Outcome, Words]] = {
    Outcome.GRANTED: Words("Deferido", "Granted"),
    Outcome.PARTLY: Words("Deferido em parte", "Granted in part"),
    Outcome.REFUSED: Words("Indeferido", "Refused"),
    Outcome.INFORMED: Words("Informação prestada", "Information given"),
    Outcome.UNKNOWN: Words("Decidido", "Decided"),
}

ITEM_STATE_NAMES: Final[dict[ItemState, Words]] = {
    ItemState.OPEN: Words("Por entregar", "To be delivered"),
    ItemState.CHECKING: Words("Em verificação", "Being checked"),
    ItemState.RECEIVED: Words("Recebido", "Received"),
    ItemState.LAPSED: Words("Não entregue a tempo", "Not delivered in time"),
    ItemState.DROPPED: Words("Já não é necessário", "No longer needed"),
    ItemState.UNKNOWN: Words("Em tratamento", "In progress"),
}


def reason_of(code: str | None, state: State | None) -> Words | None:
    """The text of a refusal, or of a notice that was not sent; None for a code without one."""
    if code == "not-allowed" and state in NOT_ALLOWED_LABELS:
        return NOT_ALLOWED_LABELS[state]
    return REASON_LABELS.get(code or "")


REFUSED: Final = "request.act-refused"
"""The type of a refused act. Only a refused act of the person is shown, not one of a department."""
