"""The words people read for where a request stands and what happened to it."""

from typing import Final

from services.common.contracts.lifecycle import State
from services.common.http.languages import Words

STATE_LABELS: Final[dict[State, Words]] = {
    State.RECEIVED: Words("Recebido", "Received"),
    State.REGISTERED: Words("Registado", "Registered"),
    State.IN_ANALYSIS: Words("Em análise", "In analysis"),
    State.AWAITING_DOCUMENTS: Words("A aguardar documentos", "Awaiting documents"),
    State.ANSWERED: Words("Respondido", "Answered"),
    State.CONCLUDED: Words("Concluído", "Concluded"),
    State.WITHDRAWN: Words("Retirado pelo próprio", "Withdrawn"),
    State.REJECTED: Words("Indeferido liminarmente", "Rejected as unintelligible or unidentified"),
    State.UNKNOWN: Words("Em tratamento", "Being handled"),
}

FACT_LABELS: Final[dict[str, Words]] = {
    "request.submitted": Words("Pedido recebido", "Request received"),
    "request.registered": Words("Pedido registado", "Request registered"),
    "request.routed": Words("Enviado ao departamento", "Sent to the department"),
    "request.in-analysis": Words("O departamento está a analisar", "The department is looking into it"),
    "request.answered": Words("Resposta do departamento", "Answer of the department"),
    "request.concluded": Words("Pedido concluído", "Request concluded"),
    "request.withdrawn": Words("Pedido retirado", "Request withdrawn"),
    "request.message-added": Words("A sua mensagem", "Your message"),
    "request.act-refused": Words("O que enviou já não pôde ser aceite", "What you sent could no longer be accepted"),
    "request.rejected": Words("Indeferido liminarmente", "Rejected as unintelligible or unidentified"),
    "request.document-accepted": Words("Documento recebido", "Document received"),
    "request.document-refused": Words("Documento recusado", "Document refused"),
    "delivery.sent": Words("Aviso enviado", "Notice sent"),
    "delivery.failed": Words("O aviso não chegou ao destino", "The notice did not arrive"),
    "delivery.skipped": Words("Aviso não enviado", "Notice not sent"),
}
"""By fact. What has no words here is not shown: it is between our rooms."""

REASON_LABELS: Final[dict[str, Words]] = {
    "not-allowed": Words(
        "O pedido já estava respondido, decidido ou retirado. Pode escrever uma mensagem ou apresentar um novo.",
        "The request was already answered, decided or withdrawn. You can write a message, or file a new one.",
    ),
    "too-many-acts": Words(
        "Enviou demasiado sobre este pedido em pouco tempo. Tente mais tarde.",
        "You sent too much about this request in a short time. Try again later.",
    ),
    "expired": Words(
        "O ficheiro não foi usado a tempo e foi apagado. Envie-o outra vez.",
        "The file was not used in time and was deleted. Upload it again.",
    ),
    "not-claimed": Words(
        "O ficheiro não pertence a este pedido, ou já pertence a outro. Envie-o outra vez.",
        "The file does not belong to this request, or belongs to another already. Upload it again.",
    ),
    "no-account": Words("A conta não foi encontrada.", "The account was not found."),
    "no-address": Words("A conta não tem endereço de correio eletrónico.", "The account has no e-mail address."),
    "not-wanted": Words("A conta não quer avisos por este meio.", "The account does not want notices this way."),
    "replay": Words("É a repetição de um aviso antigo.", "It repeats an old notice."),
}
"""By the code of a refusal, or of a notice that did not leave. Other codes are a provider's and are shown alone."""

REFUSED: Final = "request.act-refused"
"""Shown of a person's own act alone."""
