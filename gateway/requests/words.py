"""The words people read for where a request stands and what happened to it."""

from typing import Final

from services.common.contracts.lifecycle import State
from services.common.web.languages import Words

STATES: Final[dict[State, Words]] = {
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

HAPPENED: Final[dict[str, Words]] = {
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

REFUSED: Final = "request.act-refused"
"""Shown of a person's own act alone."""
