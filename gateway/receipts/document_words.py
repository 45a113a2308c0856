"""The words of a receipt on paper."""

from typing import Final

from services.common.http.languages import Words

TITLE: Final = Words("Recibo do pedido", "Receipt of the request")
FILED: Final = Words("Apresentado", "Filed")
OPENED: Final = Words("Aberto", "Opened")
SUBJECT: Final = Words("Assunto", "Subject")
REASON: Final = Words("Motivo", "Reason")
DEPARTMENT: Final = Words("Departamento", "Department")
AS_OF: Final = Words("À data de", "As of")
DUE: Final = Words("Resposta até {day}", "Answer due by {day}")
WHAT_WAS_FILED: Final = Words("O que foi apresentado", "What was filed")
WHAT_WAS_REPORTED: Final = Words("O que o registo civil comunicou", "What the civil register reported")
TEXT: Final = Words("Texto do pedido", "Text of the request")
ANSWERS: Final = Words("Respostas às perguntas", "Answers to the questions")
FILE: Final = Words("Ficheiro", "File")
FILES: Final = Words("{count} ficheiros, em conjunto", "{count} files, together")
HASHES_NOTE: Final = Words(
    "Cada linha é o SHA-256: a impressão digital do texto ou do ficheiro, tal como foi apresentado. Muda com um só byte.",
    "Each line is the SHA-256: the fingerprint of the text or file as it was filed. One byte changes it.",
)
NUMBERED: Final = Words(
    "Os caracteres que não existem nas letras deste documento aparecem com o seu número em Unicode, como [U+1F600].",
    "Characters that this document does not have are written as their Unicode numbers, such as [U+1F600].",
)
HOW_TO_VERIFY: Final = Words("Como validar", "How to verify it")
ABOUT: Final = Words(
    "Este recibo prova o que foi apresentado e quando. O Postigo assinou-o: qualquer pessoa pode ver se é verdadeiro, e o que está "
    "impresso vale se a página mostrar o mesmo.",
    "This receipt proves what was filed, and when. Postigo signed it: anybody can see whether it is genuine, and what is printed "
    "holds if the page shows the same.",
)
BY_CODE: Final = Words(
    "No papel: leia o código com a câmara do telemóvel. Confirme que se abre {page}: essa página diz se o recibo é válido e o que contém.",
    "On paper: read the code with the camera of a phone. Check that it opens {page}: that page says whether the receipt is valid, and what is in it.",
)
BY_ATTACHMENT: Final = Words(
    "Neste PDF: o recibo assinado, com cada ficheiro, está no anexo {name}. Abra o anexo, copie o texto todo e cole-o em {page}.",
    "In this PDF: the signed receipt, with each file, is the attachment {name}. Open it, copy all of its text, and paste it at {page}.",
)
CODE_CAPTION: Final = Words("Leia o código para validar", "Read the code to verify")
CODE_ALTERNATIVE: Final = Words(
    "Código QR com a hiperligação que valida este recibo", "QR code with the link that verifies this receipt"
)
ATTACHMENT: Final = Words("O recibo assinado (JWS)", "The signed receipt (JWS)")
PAGE: Final = Words("Página {page} de {pages}", "Page {page} of {pages}")
MOMENT: Final = Words("{day}, às {clock}", "{day} at {clock}")
