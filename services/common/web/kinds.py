"""Every kind of problem an answer can name, with what it says in both languages: what happened, what it means for the
person, and what to do. Published at `urn:postigo:problem:<code>`; a code is never renamed or used for something else.
"""

from dataclasses import dataclass
from typing import Final

from services.common.web.languages import Words


@dataclass(frozen=True, slots=True)
class Kind:
    """`status` is the HTTP status it is always answered with."""

    code: str
    status: int
    title: Words
    detail: Words

    @property
    def type(self) -> str:
        return f"urn:postigo:problem:{self.code}"


KINDS: Final[dict[str, Kind]] = {}


def _kind(code: str, status: int, title: tuple[str, str], detail: tuple[str, str]) -> Kind:
    return KINDS.setdefault(code, Kind(code, status, Words(*title), Words(*detail)))


BAD_REQUEST: Final = _kind(
    "bad-request",
    400,
    ("Pedido mal formado", "Malformed request"),
    ("O servidor não conseguiu ler o pedido. Nada foi registado.", "The request cannot be read. Nothing was filed."),
)
NOT_JSON: Final = _kind(
    "not-json",
    400,
    ("O corpo não é JSON", "The body is not JSON"),
    (
        "O corpo não é JSON válido em UTF-8, vem cortado, repete um campo ou tem níveis a mais. Nada foi registado.",
        "The body is not valid JSON in UTF-8, is cut short, repeats a field or is nested too deep. Nothing was filed.",
    ),
)
IDEMPOTENCY_KEY: Final = _kind(
    "idempotency-key",
    400,
    ("Falta a chave do envio", "The key of the sending is missing"),
    (
        "O cabeçalho Idempotency-Key falta ou não tem 16 a 255 caracteres ASCII visíveis. Nada foi registado.",
        "The Idempotency-Key header is missing or is not 16 to 255 visible ASCII characters. Nothing was filed.",
    ),
)
HEADER_REPEATED: Final = _kind(
    "header-repeated",
    400,
    ("Cabeçalho repetido", "A header is repeated"),
    (
        "Um cabeçalho que só pode vir uma vez vem mais do que uma vez. Nada foi registado; envie-o uma só vez.",
        "A header that may be sent only once is sent more than once. Nothing was filed; send it only once.",
    ),
)
CURSOR: Final = _kind(
    "cursor",
    400,
    ("A página pedida não existe", "There is no such page"),
    (
        "A marca de página não foi emitida para esta lista. Comece de novo, sem ela.",
        "The cursor was not issued for this list. Start again without it.",
    ),
)
NO_SESSION: Final = _kind(
    "no-session",
    401,
    ("Sessão em falta ou terminada", "No session, or it has ended"),
    (
        "Entre na sua conta e repita o pedido com a mesma chave: não fica em duplicado.",
        "Sign in and send the request again with the same key: it will not be filed twice.",
    ),
)
WRONG_CREDENTIALS: Final = _kind(
    "wrong-credentials",
    401,
    ("NISS ou palavra-passe errados", "Wrong NISS or password"),
    (
        "O NISS e a palavra-passe não pertencem a nenhuma conta. Verifique ambos e tente de novo.",
        "No account has this NISS and password. Check both and try again.",
    ),
)
NOT_OURS: Final = _kind(
    "signature",
    403,
    ("Chamada interna recusada", "Internal call refused"),
    ("A assinatura falta, não confere ou é antiga.", "The signature is missing, wrong or old."),
)
NOT_FOUND: Final = _kind(
    "not-found",
    404,
    ("Não encontrado", "Not found"),
    (
        "Não há nada nesta morada que esta conta possa ver. Verifique a referência.",
        "There is nothing at this address that this account may see. Check the reference.",
    ),
)
METHOD: Final = _kind(
    "method-not-allowed",
    405,
    ("Método não permitido", "Method not allowed"),
    ("Esta morada não aceita este método.", "This address does not accept this method."),
)
TOO_SLOW: Final = _kind(
    "too-slow",
    408,
    ("O corpo não chegou a tempo", "The body did not arrive in time"),
    (
        "O envio parou a meio. Nada foi registado; repita-o com a mesma chave.",
        "The sending stopped midway. Nothing was filed; send it again with the same key.",
    ),
)
OTHER_BYTES: Final = _kind(
    "other-bytes",
    409,
    ("Já existe com outro conteúdo", "It exists with other content"),
    ("Com este identificador já está guardado outro ficheiro.", "Another file is already kept under this identifier."),
)
TOO_LARGE: Final = _kind(
    "too-large",
    413,
    ("Grande de mais", "Too large"),
    (
        "O corpo passa o limite desta morada. Nada foi registado.",
        "The body is over the limit of this address. Nothing was filed.",
    ),
)
MEDIA_TYPE: Final = _kind(
    "media-type",
    415,
    ("Tipo de conteúdo não aceite", "Content type not accepted"),
    (
        "O tipo ou a codificação do conteúdo não são aceites aqui. Nada foi registado.",
        "The type or the encoding of the content is not accepted here. Nothing was filed.",
    ),
)
INVALID: Final = _kind(
    "invalid",
    422,
    ("Há campos por corrigir", "Some fields need correcting"),
    (
        "Nada foi registado. Corrija os campos indicados e envie de novo.",
        "Nothing was filed. Correct the fields named here and send it again.",
    ),
)
KEY_REUSED: Final = _kind(
    "key-reused",
    422,
    ("Chave já usada para outro envio", "The key was used for another sending"),
    (
        "Com esta chave já recebemos outro conteúdo, que está guardado. Para um novo envio use uma nova chave.",
        "Other content was already received under this key and is kept. Use a new key for a new sending.",
    ),
)
TOO_MANY: Final = _kind(
    "too-many",
    429,
    ("Demasiadas tentativas", "Too many tries"),
    ("Espere o tempo indicado em Retry-After e tente de novo.", "Wait as long as Retry-After says and try again."),
)
INTERNAL: Final = _kind(
    "internal",
    500,
    ("Erro nosso", "Our error"),
    (
        "Não pôde ser confirmado. Repita com a mesma chave; se continuar, diga-nos o código de apoio.",
        "It could not be confirmed. Send it again with the same key; if it goes on, tell us the support code.",
    ),
)
BUSY: Final = _kind(
    "busy",
    503,
    ("Estamos cheios", "We are full"),
    (
        "Há demasiados pedidos neste momento e este não foi tratado. Repita-o daqui a pouco com a mesma chave.",
        "There are too many requests right now and this one was not handled. Send it again shortly, with the same key.",
    ),
)
NOT_CONFIRMED: Final = _kind(
    "not-confirmed",
    503,
    ("Ainda não confirmado", "Not confirmed yet"),
    (
        (
            "Não conseguimos confirmar o envio; pode ou não ter ficado registado. "
            "Repita-o com a mesma chave e o mesmo conteúdo: fica registado uma só vez."
        ),
        (
            "The sending could not be confirmed; it may or may not have been filed. "
            "Send it again with the same key and content: it is filed only once."
        ),
    ),
)
UNAVAILABLE: Final = _kind(
    "unavailable",
    503,
    ("Temporariamente indisponível", "Unavailable for the moment"),
    (
        "Um serviço de que precisamos não responde. Nada se perdeu; repita daqui a pouco com a mesma chave.",
        "A service this needs does not answer. Nothing was lost; send it again shortly, with the same key.",
    ),
)
