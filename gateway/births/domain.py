"""A birth, and the request that it opens. Pure: no input or output."""

from datetime import date
from typing import Final
from uuid import UUID

from gateway.accounts.domain import Account, account_id_of
from services.common.catalogue import Catalogue
from services.common.contracts.base import Value
from services.common.contracts.intake import Answer, RequestSubmitted
from services.common.contracts.registry import BirthRegistered
from services.common.domain.errors import Poison
from services.common.domain.identifiers import keyed_id, reference_of
from services.common.domain.received import Received
from services.common.http.languages import Words
from services.common.legal_clock import day_of
from services.common.text.dates import IN_WORDS

SUBJECT: Final = "FAM-01"
REASON: Final = "NAS"

AGE_LIMIT: Final = 16
"""Years: a child has a right to the benefit up to this age (Decreto-Lei 176/2003, article 11)."""

DESCRIPTION: Final = Words(
    "O registo civil comunicou o nascimento de uma criança em {born_on} (registo n.º {number}). O pedido de abono de família foi aberto "
    "automaticamente, sem que os pais precisem de fazer nada.",
    "The civil register reported the birth of a child on {born_on} (entry no. {number}). The request for child benefit was opened "
    "automatically: the parents need not do anything.",
)
BORN_ON: Final = Words("Data de nascimento", "Date of birth")
NUMBER: Final = Words("Número do registo de nascimento", "Number of the birth's entry in the register")


class Birth(Value):
    """A birth that waits for its request. `birth_id` is the key of its record, `parents` are the ids of their accounts, whether
    they have one or not.
    """

    birth_id: UUID
    number: str
    born_on: date
    parents: tuple[UUID, ...]


def birth_of(received: Received[BirthRegistered], id_secret: bytes) -> Birth:
    """The birth as it is stored: without social-security numbers. Raises `Poison` for a day that cannot be."""
    event, reported_on = received.event, day_of(received.at)
    if event.born_on > reported_on:
        raise Poison("born-after-report")
    if _age(event.born_on, reported_on) >= AGE_LIMIT:
        raise Poison("born-too-long-ago")
    parents = tuple(dict.fromkeys(account_id_of(id_secret, niss) for niss in event.parents))
    return Birth(birth_id=UUID(received.key), number=event.number, born_on=event.born_on, parents=parents)


def _age(born_on: date, today: date) -> int:
    """In whole years."""
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def request_of(birth: Birth, parent: Account, catalogue: Catalogue, id_secret: bytes) -> RequestSubmitted:
    """The request that the birth opens for this parent, in the language of the account. A birth always has the same request id."""
    request_id = keyed_id(id_secret, b"birth", birth.birth_id.bytes)
    language = parent.language
    born_on = IN_WORDS[language](birth.born_on)
    return RequestSubmitted(
        request_id=request_id,
        reference=reference_of(request_id),
        account_id=parent.account_id,
        actor_id=parent.account_id,
        who=parent.who,
        subject=SUBJECT,
        reason=REASON,
        catalogue_version=catalogue.version,
        language=language,
        description=DESCRIPTION.in_(language).format(born_on=born_on, number=birth.number),
        place=parent.place,
        flags=parent.flags,
        answers=(
            Answer(name="born_on", question=BORN_ON.in_(language), value=birth.born_on.isoformat(), text=born_on),
            Answer(name="number", question=NUMBER.in_(language), value=birth.number, text=birth.number),
        ),
    )
