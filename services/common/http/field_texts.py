"""The sentences of field errors in both languages, by code."""

from typing import Final

from services.common.http.languages import Words

TEXTS: Final[dict[str, Words]] = {
    "required": Words("Este campo é obrigatório.", "This field is required."),
    "blank": Words("Escreva pelo menos uma palavra.", "Write at least one word."),
    "too_long": Words("No máximo {limit} caracteres.", "At most {limit} characters."),
    "too_short": Words("No mínimo {limit} caracteres.", "At least {limit} characters."),
    "no_word": Words("Escreva uma palavra com pelo menos {limit} letras.", "Write a word of at least {limit} letters."),
    "too_many": Words("No máximo {limit} elementos.", "At most {limit} items."),
    "too_small": Words("O menor valor aceite é {limit}.", "The smallest value accepted is {limit}."),
    "too_big": Words("O maior valor aceite é {limit}.", "The largest value accepted is {limit}."),
    "repeated": Words("O mesmo elemento aparece mais do que uma vez.", "The same item appears more than once."),
    "header_repeated": Words("Esta parte do envio só pode vir uma vez.", "This part may be sent only once."),
    "host": Words(
        "O endereço deste serviço falta no pedido, ou vem repetido ou mal escrito.",
        "The request does not name this service's address, names it twice, or misspells it.",
    ),
    "not_text": Words("Tem de ser texto.", "It must be text."),
    "not_number": Words("Tem de ser um número inteiro.", "It must be a whole number."),
    "not_list": Words("Tem de ser uma lista.", "It must be a list."),
    "not_object": Words("Tem de ser um conjunto de campos.", "It must be a set of fields."),
    "not_json": Words("Não é JSON em UTF-8.", "It is not JSON in UTF-8."),
    "json_empty": Words(
        "Não foi enviado nada: esperava-se um objeto JSON.", "Nothing was sent: a JSON object was expected."
    ),
    "json_encoding": Words("O texto não está em UTF-8.", "The text is not in UTF-8."),
    "json_incomplete": Words(
        "O JSON está incompleto: acaba a meio (linha {line}, coluna {column}).",
        "The JSON is incomplete: it ends midway (line {line}, column {column}).",
    ),
    "json_broken": Words(
        "O JSON tem um erro na linha {line}, coluna {column}.", "The JSON has an error at line {line}, column {column}."
    ),
    "json_repeated": Words("Este campo aparece mais do que uma vez.", "This field appears more than once."),
    "json_too_deep": Words("O JSON tem demasiados níveis uns dentro dos outros.", "The JSON is nested too deep."),
    "json_number": Words(
        "O JSON tem um número demasiado grande, ou algo que não é um número, como NaN.",
        "The JSON has a number that is too large, or something that is no number, such as NaN.",
    ),
    "not_uuid": Words(
        "Este identificador não está certo: copie-o tal como o recebeu.",
        "This identifier is not right: copy it as you were given it.",
    ),
    "not_storable": Words("Contém um carácter que não se pode guardar.", "It holds a character that cannot be stored."),
    "not_listed": Words(
        "Não é um dos valores aceites. Escolha {names}.", "It is not one of the accepted values. Choose {names}."
    ),
    "format": Words("Não tem o formato esperado.", "It does not have the expected form."),
    "unknown_field": Words(
        "Não há nenhum campo ou parâmetro com este nome. Verifique como está escrito.",
        "There is no field or parameter with this name. Check how it is spelt.",
    ),
    "no_fields": Words(
        "Aqui não se aceita nenhum campo nem parâmetro. Retire-o.",
        "No field or parameter is accepted here. Remove it.",
    ),
    "media_type": Words("{accepted} {names}.", "{accepted} {names}."),
    "other_content": Words(
        "Não reconhecemos o conteúdo deste ficheiro. {accepted} {names}.",
        "The content of this file is not recognised. {accepted} {names}.",
    ),
    "one_file": Words(
        "Envie um só ficheiro, sem outros campos no formulário.",
        "Send one file, without other fields in the form.",
    ),
    "encoding": Words("Tem de ser enviado sem compressão.", "It must be sent uncompressed."),
    "too_large": Words("Demasiado grande: o limite é {size}.", "Too large: the limit is {size}."),
    "niss": Words(
        "Este NISS não está certo: são 11 algarismos, e algum falta, sobra ou está trocado.",
        "This NISS is not right: it has 11 digits, and one is missing, wrong or too many.",
    ),
    "niss_kind": Words(
        "O NISS de uma pessoa começa por 1 e o de uma empresa por 2.",
        "The NISS of a person begins with 1, that of a company with 2.",
    ),
    "email_at": Words(
        "O endereço tem de ter um só @, com texto antes e depois, como em ana@exemplo.pt.",
        "The address must have one @, with text before and after it, as in ana@example.org.",
    ),
    "email_blank": Words("O endereço tem um espaço no meio. Retire-o.", "There is a space in the address. Remove it."),
    "email_local": Words(
        "Não conseguimos escrever para este endereço: antes do @ só podem estar letras sem acento, algarismos e sinais como "
        "ponto ou hífen, sem pontos repetidos. Indique outro endereço.",
        "We cannot write to this address: only letters without accents, digits and signs such as a dot or a hyphen may stand "
        "before the @, without two dots in a row. Give another address.",
    ),
    "email_domain": Words(
        "Não conseguimos escrever para este endereço: o que está depois do @ não é um nome da Internet, como exemplo.pt.",
        "We cannot write to this address: what stands after the @ is not a name on the Internet, like example.org.",
    ),
    "email_too_long": Words(
        "O endereço é demasiado comprido: no máximo 254 caracteres, 64 dos quais antes do @.",
        "The address is too long: at most 254 characters, of which 64 may stand before the @.",
    ),
    "unknown_life_event": Words("Escolha uma das situações da lista.", "Choose a life event from the list."),
    "unknown_subject": Words("Escolha um assunto da lista.", "Choose a subject from the list."),
    "unknown_reason": Words("Escolha um dos motivos deste assunto.", "Choose one of the reasons of this subject."),
    "unknown_place": Words(
        "Não reconhecemos este lugar. Indique um país (FR), ou um distrito, uma região ou um município de Portugal (PT-11, PT-20, PT-1106).",
        "This place is not recognised. Give a country (FR), or a district, region or municipality of Portugal (PT-11, PT-20, PT-1106).",
    ),
    "not_day": Words(
        "Tem de ser um dia que exista, como 2027-01-31.", "It must be a day that exists, like 2027-01-31."
    ),
    "not_bool": Words("Tem de ser true ou false.", "It must be true or false."),
    "last_before_first": Words(
        "O último dia não pode ser antes do primeiro.", "The last day cannot be before the first."
    ),
    "unknown_question": Words("Não se pergunta isto neste assunto.", "This is not asked about this subject."),
    "wrong_answer": Words("Esta resposta não serve para a pergunta.", "This answer does not fit the question."),
    "day_not_accepted": Words(
        "Este dia fica fora do período aceite.", "This day is outside of the period that is accepted."
    ),
    "persons_only": Words("Só pessoas podem usar este assunto.", "Only persons may use this subject."),
    "companies_only": Words("Só empresas podem usar este assunto.", "Only companies may use this subject."),
    "unknown_document": Words("Não tem nenhum documento com este identificador.", "You have no such document."),
    "unknown_reference": Words(
        "Não tem nenhum pedido com esta referência. Se o acabou de enviar, espere uns segundos e tente de novo.",
        "You have no request with this reference. If it was sent just now, wait a few seconds and try again.",
    ),
    "reference": Words(
        "Esta referência tem um erro de escrita. Compare-a com a que recebeu, como PO-7K3QX-9M2TA-B.",
        "This reference has a typing error. Compare it with the one you were given, like PO-7K3QX-9M2TA-B.",
    ),
    "unknown_draft": Words(
        "Não tem nenhum rascunho com este identificador. Pode ter sido apagado, ou ter passado o prazo em que se guarda.",
        "You have no such draft. It may have been deleted, or kept as long as drafts are.",
    ),
    "unknown_item": Words(
        "Não foi pedido nenhum documento com este número. Veja os números no pedido.",
        "No document with this number was asked for. See the numbers in the request.",
    ),
    "received_item": Words(
        "Este documento já foi recebido. Se quer enviar outro, junte-o a uma mensagem, sem indicar o documento pedido.",
        "This document was received already. To send another one, attach it to a message without naming the document.",
    ),
    "unknown_session": Words("Esta sessão não existe ou já terminou.", "This session does not exist or has ended."),
    "used_document": Words("Este documento já está noutro pedido.", "This document is already in another request."),
    "nothing_said": Words("Escreva uma mensagem ou junte um documento.", "Write a message or attach a document."),
    "empty": Words("O ficheiro está vazio.", "The file is empty."),
    "invalid": Words("Não é válido.", "It is not valid."),
}
