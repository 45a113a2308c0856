"""The public names of the states of a request."""

from collections.abc import Mapping
from typing import Final

from services.common.catalogue import Named
from services.common.contracts.lifecycle import State

STATE_NAMES: Final[Mapping[State, Named]] = {
    State.RECEIVED: Named(pt="Recebido", en="Received"),
    State.REGISTERED: Named(pt="Registado", en="Registered"),
    State.IN_ANALYSIS: Named(pt="Em análise", en="In analysis"),
    State.AWAITING_DOCUMENTS: Named(pt="A aguardar documentos", en="Awaiting documents"),
    State.ANSWERED: Named(pt="Respondido", en="Answered"),
    State.CONCLUDED: Named(pt="Concluído", en="Concluded"),
    State.WITHDRAWN: Named(pt="Retirado a seu pedido", en="Withdrawn"),
    State.REJECTED: Named(pt="Indeferido liminarmente", en="Rejected as unintelligible or unidentified"),
    State.UNKNOWN: Named(pt="Em tratamento", en="In progress"),
}
