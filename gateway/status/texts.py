"""The names of the parts of the service and of their states, and a sentence for each, in both languages."""

from collections.abc import Mapping
from typing import Final

from gateway.status.domain import PartName, State
from services.common.http.languages import Words

PART_NAMES: Final[Mapping[PartName, Words]] = {
    "filing": Words("Enviar pedidos e mensagens", "Filing requests and messages"),
    "reading": Words("Consultar pedidos", "Reading requests"),
    "uploading": Words("Enviar ficheiros", "Uploading files"),
    "notices": Words("Avisos por correio eletrónico", "E-mail notices"),
    "sign-in": Words("Entrar na conta", "Signing in"),
}

STATE_NAMES: Final[Mapping[State, Words]] = {
    "working": Words("Funciona", "Working"),
    "slow": Words("Lento", "Slow"),
    "not-working": Words("Não funciona", "Not working"),
    "unknown": Words("Não se sabe", "Not known"),
}

OVERALL: Final[Mapping[State, Words]] = {
    "working": Words("Tudo funciona.", "Everything works."),
    "slow": Words("Uma parte do serviço está lenta.", "A part of the service is slow."),
    "not-working": Words("Uma parte do serviço não funciona.", "A part of the service does not work."),
    "unknown": Words(
        "Não se sabe se uma parte do serviço funciona.", "It is not known whether a part of the service works."
    ),
}

SENTENCES: Final[Mapping[tuple[PartName, State], Words]] = {
    ("filing", "working"): Words(
        "Os pedidos e as mensagens que envia são recebidos.", "Requests and messages that you send are received."
    ),
    ("filing", "slow"): Words(
        "O envio demora mais do que o normal. Espere pela confirmação.",
        "Sending takes longer than usual. Wait for the confirmation.",
    ),
    ("filing", "not-working"): Words(
        "Neste momento não conseguimos confirmar nenhum envio. Guarde o seu texto e tente mais tarde.",
        "At the moment no submission can be confirmed. Keep your text and try again later.",
    ),
    ("filing", "unknown"): Words(
        "Não se sabe se os envios são confirmados. Se o seu não for, repita-o.",
        "It is not known whether submissions are confirmed. If yours is not, send it again.",
    ),
    ("reading", "working"): Words(
        "Pode ver os seus pedidos, com as últimas mudanças.", "You can see your requests, with the latest changes."
    ),
    ("reading", "slow"): Words(
        "Pode consultar os seus pedidos, mas demoram a abrir ou o que mudou há pouco ainda não aparece.",
        "You can read your requests, but they open slowly or recent changes do not show yet.",
    ),
    ("reading", "not-working"): Words(
        "Neste momento não se podem consultar os pedidos, ou o que mostram é antigo. O que enviou está guardado.",
        "At the moment requests cannot be read, or what they show is old. What you sent is kept.",
    ),
    ("reading", "unknown"): Words(
        "Não se sabe se os pedidos mostram as últimas mudanças.",
        "It is not known whether requests show the latest changes.",
    ),
    ("uploading", "working"): Words("Os ficheiros que envia são guardados.", "Files that you upload are kept."),
    ("uploading", "slow"): Words(
        "O envio de ficheiros demora mais do que o normal.", "Uploading files takes longer than usual."
    ),
    ("uploading", "not-working"): Words(
        "Neste momento não se podem enviar ficheiros. Pode enviar o pedido sem eles e juntá-los depois.",
        "At the moment files cannot be uploaded. You can file the request without them and add them later.",
    ),
    ("uploading", "unknown"): Words(
        "Não se sabe se os ficheiros são guardados.", "It is not known whether files are kept."
    ),
    ("notices", "working"): Words("Os avisos estão a sair sem atraso.", "Notices are sent without delay."),
    ("notices", "slow"): Words(
        "Os avisos chegam com atraso. O que há de novo está no seu pedido.",
        "Notices are late. What is new is shown in your request.",
    ),
    ("notices", "not-working"): Words(
        "Neste momento não saem avisos. Nenhum se perde: são enviados quando for possível. Consulte o seu pedido.",
        "At the moment no notices are sent. None is lost: they are sent when it is possible. See your request.",
    ),
    ("notices", "unknown"): Words(
        "Não se sabe se os avisos são enviados. Consulte o seu pedido.",
        "It is not known whether notices are sent. See your request.",
    ),
    ("sign-in", "working"): Words("Pode entrar na sua conta.", "You can sign in."),
    ("sign-in", "slow"): Words("Entrar na conta demora mais do que o normal.", "Signing in takes longer than usual."),
    ("sign-in", "not-working"): Words(
        "Neste momento não se pode entrar na conta. Tente mais tarde.", "At the moment you cannot sign in. Try later."
    ),
    ("sign-in", "unknown"): Words(
        "Não se sabe se é possível entrar na conta.", "It is not known whether you can sign in."
    ),
}
