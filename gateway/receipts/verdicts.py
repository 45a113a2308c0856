"""What people are told of a text that is no valid receipt."""

from collections.abc import Mapping
from typing import Final

from services.common.http.languages import Words
from services.common.receipts.verification import Because

VALID: Final = Words(
    "O recibo é válido: o Postigo assinou-o, e nada nele mudou.",
    "The receipt is valid: Postigo signed it, and nothing in it has changed.",
)

EMPTY: Final = Words("Cole o texto do recibo.", "Paste the text of the receipt.")

SENTENCES: Final[Mapping[Because, Words]] = {
    "malformed": Words(
        "Isto não é um recibo inteiro. Copie-o todo, do princípio ao fim.",
        "This is not a whole receipt. Copy all of it, from its beginning to its end.",
    ),
    "other-type": Words("Isto não é um recibo do Postigo.", "This is no receipt of Postigo."),
    "unknown-key": Words(
        "Este recibo foi assinado com uma chave que o Postigo não tem.",
        "This receipt was signed with a key that Postigo does not have.",
    ),
    "signature": Words(
        "O recibo não é válido: alguma coisa nele mudou depois de ser assinado.",
        "The receipt is not valid: something in it changed after it was signed.",
    ),
    "content": Words(
        "A assinatura é do Postigo, mas o que ela assina não é um recibo.",
        "The signature is Postigo's, but what it signs is no receipt.",
    ),
}
