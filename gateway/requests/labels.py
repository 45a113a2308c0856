"""Labels in Portuguese and English for states, facts and reasons."""

from typing import Final

from services.common.contracts.lifecycle import State
from services.common.http.languages import Words

FACT_LABELS: Final[dict[str, Words]] = {
    "request.submitted": Words("Pedido recebido", "Request received"),
    "request.registered": Words("Pedido registado", "Request registered"),
    "request.routed": Words("Enviado ao departamento", "Sent to the department"),
    "request.in-analysis": Words("O departamento está a analisar o pedido", "The department is analysing the request"),
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

REASON_LABELS: Final[dict[str, Words]] = {
    "not-allowed": Words(
        "O pedido já não estava num estado que o permitisse. Pode apresentar outro pedido.",
        "The request was no longer in a state that allows this. You can file another request.",
    ),
    "closed": Words(
        "O pedido já está encerrado e ninguém leria a mensagem, por isso não foi guardada. Apresente um novo pedido e "
        "indique nele a referência deste.",
        "The request is closed and nobody would read the message, so it was not kept. File a new request and give the "
        "reference of this one in it.",
    ),
    "too-many-acts": Words(
        "Já fez demasiados envios sobre este pedido. Tente de novo mais tarde.",
        "You have already sent too much about this request. Try again later.",
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
}
"""By the code of a refusal, or of a notice that was not sent. Other codes come from a provider and have no text."""

NOT_ALLOWED_LABELS: Final[dict[State, Words]] = {
    State.RECEIVED: Words(
        "O pedido ainda não estava registado. Tente de novo daqui a pouco.",
        "The request was not registered yet. Try again shortly.",
    ),
    State.REGISTERED: Words(
        "O pedido estava registado e ainda não tinha sido analisado.",
        "The request was registered and not analysed yet.",
    ),
    State.IN_ANALYSIS: Words("O pedido estava em análise.", "The request was in analysis."),
    State.AWAITING_DOCUMENTS: Words(
        "O pedido estava a aguardar documentos. Envie-os para que continue.",
        "The request was awaiting documents. Send them so that it goes on.",
    ),
    State.ANSWERED: Words(
        "O pedido já tinha sido respondido. Se a resposta não chega, escreva uma mensagem.",
        "The request had already been answered. If the answer is not enough, write a message.",
    ),
    State.CONCLUDED: Words(
        "O pedido já estava concluído. Pode apresentar outro pedido.",
        "The request was already concluded. You can file another request.",
    ),
    State.WITHDRAWN: Words(
        "Já tinha retirado este pedido. Pode apresentar outro.",
        "You had already withdrawn this request. You can file another one.",
    ),
    State.REJECTED: Words(
        "O pedido já tinha sido indeferido liminarmente. Pode apresentar outro pedido.",
        "The request had already been rejected. You can file another request.",
    ),
}
"""For `not-allowed`, by the state in which the request was then."""


def reason_of(code: str | None, state: State | None) -> Words | None:
    """The text of a refusal, or of a notice that was not sent; None for a code without one."""
    if code == "not-allowed" and state in NOT_ALLOWED_LABELS:
        return NOT_ALLOWED_LABELS[state]
    return REASON_LABELS.get(code or "")


REFUSED: Final = "request.act-refused"
"""The type of a refused act. Only a refused act of the person is shown, not one of a department."""
