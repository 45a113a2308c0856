"""All problem types, with texts in both languages: what happened, what it means for the person, and what to do.

The type URI is `urn:postigo:problem:<code>`. A code is never renamed, and never reused with another meaning.
"""

from dataclasses import dataclass
from typing import Final

from services.common.http.languages import Words


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A problem type, with its HTTP status. `submission_detail` is an additional sentence for requests that submit something
    with an idempotency key: it says whether the submission was stored. Other requests do not get it.
    """

    code: str
    status: int
    title: Words
    detail: Words
    submission_detail: Words | None = None

    @property
    def type(self) -> str:
        return f"urn:postigo:problem:{self.code}"


PROBLEM_TYPES: Final[dict[str, ProblemType]] = {}

NOTHING_FILED: Final = Words("Nada foi registado.", "Nothing was filed.")
NOT_PROCESSED: Final = Words(
    "Este envio não foi processado: repita-o com a mesma chave.",
    "This submission was not processed: send it again with the same key.",
)


def _problem_type(
    code: str, status: int, title: tuple[str, str], detail: tuple[str, str], submission_detail: Words | None = None
) -> ProblemType:
    return PROBLEM_TYPES.setdefault(code, ProblemType(code, status, Words(*title), Words(*detail), submission_detail))


BAD_REQUEST: Final = _problem_type(
    "bad-request",
    400,
    ("Mensagem ilegível", "Unreadable message"),
    (
        "O servidor não conseguiu ler o que foi enviado. Verifique o programa que o enviou.",
        "What was sent cannot be read. Check the program that sent it.",
    ),
    NOTHING_FILED,
)
NOT_JSON: Final = _problem_type(
    "not-json",
    400,
    ("O conteúdo não é JSON", "The content is not JSON"),
    (
        "O conteúdo não é JSON válido em UTF-8, está incompleto, repete um campo ou tem níveis a mais.",
        "The content is not valid JSON in UTF-8, is incomplete, repeats a field or is nested too deep.",
    ),
    NOTHING_FILED,
)
IDEMPOTENCY_KEY: Final = _problem_type(
    "idempotency-key",
    400,
    ("Chave do envio em falta ou não aceite", "The key of the submission is missing or not accepted"),
    (
        "O cabeçalho Idempotency-Key falta ou não tem 16 a 255 caracteres ASCII visíveis. Nada foi registado.",
        "The Idempotency-Key header is missing or is not 16 to 255 visible ASCII characters. Nothing was filed.",
    ),
)
HEADER_REPEATED: Final = _problem_type(
    "header-repeated",
    400,
    ("Cabeçalho repetido", "A header is repeated"),
    (
        "Um cabeçalho que só pode ser enviado uma vez foi enviado mais do que uma vez. Envie-o uma só vez.",
        "A header that may be sent only once was sent more than once. Send it only once.",
    ),
    NOTHING_FILED,
)
CURSOR: Final = _problem_type(
    "cursor",
    400,
    ("A página pedida não existe", "There is no such page"),
    (
        "A marca de página não foi emitida para esta lista. Comece de novo, sem ela.",
        "The cursor was not issued for this list. Start again without it.",
    ),
)
NO_SESSION: Final = _problem_type(
    "no-session",
    401,
    ("Sessão em falta ou terminada", "No session, or it has ended"),
    ("Entre na sua conta e tente de novo.", "Sign in and try again."),
    Words(
        "Se repetir o envio com a mesma chave, não fica em duplicado.",
        "If you send it again with the same key, it will not be filed twice.",
    ),
)
WRONG_CREDENTIALS: Final = _problem_type(
    "wrong-credentials",
    401,
    ("NISS ou palavra-passe errados", "Wrong NISS or password"),
    (
        "O NISS e a palavra-passe não correspondem a nenhuma conta. Verifique ambos e tente de novo.",
        "No account has this NISS and password. Check both and try again.",
    ),
)
DEPARTMENT_TOKEN: Final = _problem_type(
    "department-token",
    401,
    ("Credencial do departamento em falta ou sem validade", "No department token, or it is not valid"),
    (
        "Envie a credencial que recebeu de quem opera este serviço, ou peça uma nova.",
        "Send the token that the operator of this service gave you, or ask for a new one.",
    ),
)
SIGNATURE: Final = _problem_type(
    "signature",
    403,
    ("Chamada interna recusada", "Internal call refused"),
    ("A assinatura falta, não confere ou é antiga.", "The signature is missing, wrong or old."),
)
NOT_FOUND: Final = _problem_type(
    "not-found",
    404,
    ("Não encontrado", "Not found"),
    ("Não existe, ou não o pode ver.", "It does not exist, or you may not see it."),
    NOTHING_FILED,
)
REFERENCE: Final = _problem_type(
    "reference",
    404,
    ("A referência tem um erro de escrita", "The reference has a typing error"),
    (
        "Falta, sobra ou está trocado algum carácter. Compare-a com a que recebeu, como PO-7K3QX-9M2TA-4.",
        "A character is missing, wrong or too many. Compare it with the one you were given, like PO-7K3QX-9M2TA-4.",
    ),
    NOTHING_FILED,
)
NO_ADDRESS: Final = _problem_type(
    "unknown-address",
    404,
    ("Endereço desconhecido", "Unknown address"),
    (
        "Este serviço não tem nada neste endereço. Verifique como está escrito.",
        "This service has nothing at this address. Check how it is spelt.",
    ),
)
METHOD: Final = _problem_type(
    "method-not-allowed",
    405,
    ("Método não permitido", "Method not allowed"),
    ("Este endereço não aceita este método.", "This address does not accept this method."),
)
TOO_SLOW: Final = _problem_type(
    "too-slow",
    408,
    ("O conteúdo não chegou a tempo", "The content did not arrive in time"),
    ("O que estava a ser enviado parou a meio. Tente de novo.", "What was being sent stopped midway. Try again."),
    Words("Nada foi registado: use a mesma chave.", "Nothing was filed: use the same key."),
)
OTHER_BYTES: Final = _problem_type(
    "other-bytes",
    409,
    ("Já existe com outro conteúdo", "It exists with other content"),
    ("Com este identificador já está guardado outro ficheiro.", "Another file is already kept under this identifier."),
)
TOO_LARGE: Final = _problem_type(
    "too-large",
    413,
    ("Demasiado grande", "Too large"),
    ("O que foi enviado excede o limite deste endereço.", "The content exceeds the limit of this address."),
    NOTHING_FILED,
)
MEDIA_TYPE: Final = _problem_type(
    "media-type",
    415,
    ("Tipo de conteúdo não aceite", "Content type not accepted"),
    (
        "O tipo ou a codificação do conteúdo não são aceites aqui.",
        "The type or the encoding of the content is not accepted here.",
    ),
    NOTHING_FILED,
)
INVALID: Final = _problem_type(
    "invalid",
    422,
    ("Há campos por corrigir", "Some fields need correcting"),
    ("Corrija os campos indicados e tente de novo.", "Correct the fields named here and try again."),
    NOTHING_FILED,
)
KEY_REUSED: Final = _problem_type(
    "key-reused",
    422,
    ("Chave já usada para outro envio", "The key was used for another submission"),
    (
        "Com esta chave já recebemos outro conteúdo, que está guardado. Para um novo envio use uma nova chave.",
        "Other content was already received with this key, and is kept. Use a new key for a new submission.",
    ),
)
HEAD_TOO_LARGE: Final = _problem_type(
    "head-too-large",
    431,
    ("Cabeçalhos a mais", "Too many headers"),
    (
        "O endereço e os cabeçalhos excedem o limite. Envie menos cabeçalhos, ou mais curtos.",
        "The address and the headers exceed the limit. Send fewer headers, or shorter ones.",
    ),
    NOTHING_FILED,
)
TOO_MANY: Final = _problem_type(
    "too-many",
    429,
    ("Demasiadas tentativas", "Too many tries"),
    ("Espere um pouco e tente de novo.", "Wait a little and try again."),
)
TOO_MANY_AT_ONCE: Final = _problem_type(
    "too-many-at-once",
    429,
    ("Demasiado ao mesmo tempo", "Too much at once"),
    (
        "Esta conta já tem em curso o máximo permitido ao mesmo tempo. Espere que algo acabe e tente de novo.",
        "This account already has the most that it may have in progress. Wait until something ends and try again.",
    ),
    NOT_PROCESSED,
)
INTERNAL: Final = _problem_type(
    "internal",
    500,
    ("Erro nosso", "Our error"),
    (
        "Algo falhou do nosso lado. Tente de novo; se continuar, diga-nos o código de apoio.",
        "Something failed on our side. Try again; if it goes on, tell us the support code.",
    ),
    Words(
        "O envio pode ou não ter ficado registado: repita-o com a mesma chave e fica registado uma só vez.",
        "The submission may or may not have been filed: send it again with the same key, and it is filed only once.",
    ),
)
BUSY: Final = _problem_type(
    "busy",
    503,
    ("Muita procura neste momento", "Very busy right now"),
    (
        "Há demasiada gente a ser atendida neste momento. Tente daqui a pouco.",
        "Too many people are being served right now. Try again shortly.",
    ),
    NOT_PROCESSED,
)
NOT_CONFIRMED: Final = _problem_type(
    "not-confirmed",
    503,
    ("Ainda não confirmado", "Not confirmed yet"),
    (
        (
            "Não conseguimos confirmar o envio; pode ou não ter ficado registado. "
            "Repita-o com a mesma chave e o mesmo conteúdo: fica registado uma só vez."
        ),
        (
            "The submission could not be confirmed; it may or may not have been filed. "
            "Send it again with the same key and the same content: it is filed only once."
        ),
    ),
)
UNAVAILABLE: Final = _problem_type(
    "unavailable",
    503,
    ("Temporariamente indisponível", "Unavailable for the moment"),
    (
        "Um serviço de que precisamos não responde. Tente daqui a pouco.",
        "A service this needs does not answer. Try again shortly.",
    ),
    Words("Nada se perdeu: repita o envio com a mesma chave.", "Nothing was lost: send it again with the same key."),
)
