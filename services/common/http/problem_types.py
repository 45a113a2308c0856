"""All problem types, with texts in both languages: what happened, what it means for the person, and what to do.

The texts are for people: they name no header, no field of JSON and no status code. `{wait}` becomes the time to wait.

The type URI is `urn:postigo:problem:<code>`. A code is never renamed, and never reused with another meaning.
"""

from dataclasses import dataclass
from typing import Final

from services.common.catalogue import Language
from services.common.http.languages import Words, wait_in_words


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

    def detail_in(self, language: Language, retry_after: int | None, *, is_submission: bool) -> str:
        """The text for people. `retry_after`: seconds after which the request can be sent again, if they are known."""
        words = [self.detail, self.submission_detail] if is_submission else [self.detail]
        text = " ".join(each.in_(language) for each in words if each)
        return text.replace("{wait}", wait_in_words(retry_after, language))


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
        "Não conseguimos ler o que foi enviado. Verifique o programa que o enviou.",
        "What was sent cannot be read. Check the program that sent it.",
    ),
    NOTHING_FILED,
)
NOT_JSON: Final = _problem_type(
    "not-json",
    400,
    ("Dados ilegíveis", "Unreadable data"),
    (
        "Os dados não são JSON válido. Veja o erro indicado e verifique o programa que os enviou.",
        "The data is not valid JSON. See the error named here, and check the program that sent it.",
    ),
    NOTHING_FILED,
)
IDEMPOTENCY_KEY: Final = _problem_type(
    "idempotency-key",
    400,
    ("Chave do envio em falta ou não aceite", "The key of the submission is missing or not accepted"),
    (
        (
            "Cada envio precisa de uma chave com 16 a 255 letras sem acento, algarismos ou sinais, sem espaços. "
            "Verifique o programa que o enviou. Nada foi registado."
        ),
        (
            "Each submission needs a key of 16 to 255 letters without accents, digits or signs, without spaces. "
            "Check the program that sent it. Nothing was filed."
        ),
    ),
)
HEADER_REPEATED: Final = _problem_type(
    "header-repeated",
    400,
    ("Parte do envio repetida", "A part is repeated"),
    (
        "Uma parte do envio que só pode vir uma vez veio repetida. Verifique o programa que o enviou.",
        "A part that may be sent only once was sent more than once. Check the program that sent it.",
    ),
    NOTHING_FILED,
)
CURSOR: Final = _problem_type(
    "cursor",
    400,
    ("A página pedida não existe", "There is no such page"),
    (
        "Esta página não pertence a esta lista. Comece de novo pela primeira.",
        "This page does not belong to this list. Start again at the first one.",
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
    ("Credencial do departamento em falta ou inválida", "The credential of the department is missing or not valid"),
    (
        "Envie a credencial que recebeu de quem opera este serviço, ou peça uma nova.",
        "Send the credential that the operator of this service gave you, or ask for a new one.",
    ),
)
SIGNATURE: Final = _problem_type(
    "signature",
    403,
    ("Chamada interna recusada", "Internal call refused"),
    ("A assinatura falta, não confere ou é antiga.", "The signature is missing, wrong or old."),
)
CROSS_SITE: Final = _problem_type(
    "cross-site",
    403,
    ("Este envio não veio desta página", "This was not sent from this page"),
    (
        "Por segurança, só aceitamos o que é enviado das nossas próprias páginas. Volte à página, atualize-a e tente de novo.",
        "For your security, only what is sent from our own pages is accepted. Go back to the page, reload it and try again.",
    ),
    NOTHING_FILED,
)
AUTHOR_PROTECTED: Final = _problem_type(
    "author-protected",
    403,
    ("O autor está protegido", "The author is protected"),
    (
        (
            "Quem denuncia uma irregularidade não é identificado, nem perante o departamento que trata da denúncia. "
            "Escreva-lhe através do próprio pedido."
        ),
        (
            "Whoever reports an irregularity is not named, not even to the department that handles the report. "
            "Write to them through the request itself."
        ),
    ),
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
        "Falta, sobra ou está trocado algum carácter. Compare-a com a que recebeu, como PO-7K3QX-9M2TA-B.",
        "A character is missing, wrong or too many. Compare it with the one you were given, like PO-7K3QX-9M2TA-B.",
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
    ("Operação não permitida", "Operation not allowed"),
    (
        "Neste endereço não se pode fazer isto. Verifique o programa que o enviou.",
        "This cannot be done at this address. Check the program that sent it.",
    ),
)
TOO_SLOW: Final = _problem_type(
    "too-slow",
    408,
    ("O conteúdo não chegou a tempo", "The content did not arrive in time"),
    (
        "O envio parou a meio ou foi demasiado lento. Tente de novo.",
        "What was being sent stopped midway or came too slowly. Try again.",
    ),
    Words("Nada foi registado: use a mesma chave.", "Nothing was filed: use the same key."),
)
OTHER_BYTES: Final = _problem_type(
    "other-bytes",
    409,
    ("Já existe com outro conteúdo", "It exists with other content"),
    (
        "Com este identificador já está guardado outro ficheiro. Envie este com outro identificador.",
        "Another file is already kept under this identifier. Send this one under another identifier.",
    ),
)
DRAFT_BEING_SENT: Final = _problem_type(
    "draft-being-sent",
    409,
    ("Este pedido está a ser enviado", "This request is being sent"),
    (
        "Enquanto está a ser enviado não se pode alterar nem apagar. Envie-o outra vez para receber a referência: o pedido é um só.",
        "While it is being sent it cannot be changed or deleted. Send it again to get its reference: it stays one request.",
    ),
)
DRAFT_SENT: Final = _problem_type(
    "draft-sent",
    409,
    ("Este rascunho já foi enviado", "This draft was sent already"),
    (
        "Já é um pedido, e o rascunho não se altera nem apaga. Abra o pedido para acrescentar alguma coisa, ou comece um novo.",
        "It is a request now, and the draft cannot be changed or deleted. Open the request to add something, or begin a new one.",
    ),
)
TOO_MANY_DRAFTS: Final = _problem_type(
    "too-many-drafts",
    409,
    ("Demasiados rascunhos", "Too many drafts"),
    (
        "Pode ter 20 rascunhos ao mesmo tempo. Envie ou apague um deles antes de começar outro.",
        "You may have 20 drafts at a time. Send or delete one of them before you begin another.",
    ),
)
DRAFT_CHANGED: Final = _problem_type(
    "draft-changed",
    412,
    ("O rascunho foi entretanto alterado", "The draft was changed meanwhile"),
    (
        "Foi alterado noutra janela ou noutro aparelho, e nada se perdeu: abra a versão mais recente e junte-lhe o que escreveu aqui.",
        "It was changed in another window or on another device, and nothing was lost: open its latest version and add your words.",
    ),
)
TOO_LARGE: Final = _problem_type(
    "too-large",
    413,
    ("Demasiado grande", "Too large"),
    (
        "O que enviou é maior do que aqui se aceita. Reduza-o e tente de novo.",
        "What you sent is larger than is accepted here. Make it smaller and try again.",
    ),
    NOTHING_FILED,
)
MEDIA_TYPE: Final = _problem_type(
    "media-type",
    415,
    ("Formato não aceite", "Format not accepted"),
    (
        "O que enviou não está num formato que aqui se aceite. Envie-o noutro formato.",
        "What you sent is not in a format that is accepted here. Send it in another format.",
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
VERSION_REQUIRED: Final = _problem_type(
    "version-required",
    428,
    ("Falta a versão do rascunho", "The version of the draft is missing"),
    (
        "Diga que versão do rascunho leu antes desta alteração, para não apagar outra. Verifique o programa que a enviou.",
        "Say which version of the draft you read before this change, so that it undoes no other one. Check the program that sent it.",
    ),
)
HEAD_TOO_LARGE: Final = _problem_type(
    "head-too-large",
    431,
    ("Pedido demasiado comprido", "Request too long"),
    (
        (
            "O endereço pedido, com o que o acompanha, é demasiado comprido. Apague os cookies deste serviço ou verifique o "
            "programa que o enviou."
        ),
        (
            "The requested address, with what comes along with it, is too long. Delete the cookies of this service, or check the "
            "program that sent it."
        ),
    ),
    NOTHING_FILED,
)
TOO_MANY: Final = _problem_type(
    "too-many",
    429,
    ("Demasiadas tentativas", "Too many tries"),
    (
        "Tentou demasiadas vezes em pouco tempo. Tente de novo {wait}.",
        "You tried too often in a short time. Try again {wait}.",
    ),
)
TOO_MANY_AT_ONCE: Final = _problem_type(
    "too-many-at-once",
    429,
    ("Demasiado ao mesmo tempo", "Too much at once"),
    (
        "Esta conta já tem em curso tudo o que pode ter ao mesmo tempo. Espere que algo acabe e tente de novo {wait}.",
        "This account already has the most that it may have in progress. Wait until something ends and try again {wait}.",
    ),
    NOT_PROCESSED,
)
LIMIT_REACHED: Final = _problem_type(
    "limit-reached",
    429,
    ("Limite atingido", "Limit reached"),
    (
        "Esta conta já enviou o máximo permitido por agora; o que já foi recebido está guardado. Tente de novo {wait}.",
        "This account has sent the most that it may for now; what was received before is kept. Try again {wait}.",
    ),
    NOT_PROCESSED,
)
STORAGE_FULL: Final = _problem_type(
    "storage-full",
    429,
    ("Espaço esgotado", "No room for more files"),
    (
        (
            "Os ficheiros guardados desta conta já ocupam todo o espaço permitido. "
            "Os que não fizerem parte de nenhum pedido nem rascunho são apagados ao fim de 24 horas."
        ),
        (
            "The files kept for this account take up all the room that it has. "
            "Those that are part of no request and no draft are deleted after 24 hours."
        ),
    ),
    NOTHING_FILED,
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
        "Há demasiada gente a ser atendida neste momento. Tente de novo {wait}.",
        "Too many people are being served right now. Try again {wait}.",
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
            "Repita-o {wait} com a mesma chave e o mesmo conteúdo: fica registado uma só vez."
        ),
        (
            "The submission could not be confirmed; it may or may not have been filed. "
            "Send it again {wait} with the same key and the same content: it is filed only once."
        ),
    ),
)
DRAFT_NOT_CONFIRMED: Final = _problem_type(
    "draft-not-confirmed",
    503,
    ("Envio ainda por confirmar", "Sending is not confirmed yet"),
    (
        "Não conseguimos confirmar o envio: o pedido pode ou não ter chegado. Envie o rascunho outra vez {wait}: o pedido é um só.",
        "It could not be confirmed whether the request arrived. Send the draft again {wait}: it stays one request.",
    ),
)
UNAVAILABLE: Final = _problem_type(
    "unavailable",
    503,
    ("Temporariamente indisponível", "Unavailable for the moment"),
    (
        "Um serviço de que precisamos não responde. Tente de novo {wait}.",
        "A service this needs does not answer. Try again {wait}.",
    ),
    Words("Nada se perdeu: repita o envio com a mesma chave.", "Nothing was lost: send it again with the same key."),
)
