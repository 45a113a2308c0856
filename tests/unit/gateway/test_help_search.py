"""Help is found by the words that people type: accents, case, endings, and words that nobody means do not matter."""

import pytest
from hypothesis import given, strategies as st

from gateway.help.search import search
from services.common.catalogue import Language, catalogue
from services.common.text.folding import folded, words_of


def best(typed: str, language: Language = "pt") -> str:
    found = search(catalogue(), language, typed)
    assert found is not None
    return found.codes[0]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("voltar ao trabalho", "DOE-02"),
        ("REFORMA ANTECIPADA", "PEN-02"),
        ("pensao sobrevivencia", "PEN-04"),
        ("Pensão de Sobrevivência", "PEN-04"),
        ("não recebi o abono", "FAM-01"),
        ("rsi", "APO-01"),
        ("csi", "PEN-06"),
        ("iban", "IDE-02"),
        ("mudar a morada", "IDE-02"),
        ("desempreg", "DES-01"),
        ("FAM-03", "FAM-03"),
        ("a1", "TRA-08"),
        ("denúncia patrão", "TRA-09"),
        ("estou doente", "DOE-01"),
        ("fui despedida", "DES-01"),
        ("desempregada", "DES-01"),
        ("despedimento", "DES-01"),
        ("mudei de casa", "IDE-02"),
        ("perdi o trabalho", "DES-01"),
        ("tive um bebé", "PAR-01"),
        ("o meu pai morreu", "PEN-04"),
        ("reformei-me", "PEN-01"),
    ],
)
def test_the_subject_that_people_mean_comes_first(typed: str, code: str) -> None:
    assert best(typed) == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("child benefit", "FAM-01"),
        ("legal aid", "APO-04"),
        ("carer", "DEF-04"),
        ("I am sick", "DOE-01"),
        ("fired", "DES-01"),
        ("I moved", "IDE-02"),
    ],
)
def test_english_words_find_the_english_help(typed: str, code: str) -> None:
    assert best(typed, "en") == code


def test_results_have_all_words_if_any_page_has_them() -> None:
    complete, partly = search(catalogue(), "pt", "reforma antecipada"), search(catalogue(), "pt", "reforma xilofone")
    assert complete is not None
    assert complete.all_words
    assert partly is not None
    assert not partly.all_words
    assert partly.codes[0].startswith("PEN")


@pytest.mark.parametrize("typed", ["", " ", "x", "é", "?!", "('", "--"])
def test_nothing_that_can_be_searched_for_is_no_search(typed: str) -> None:
    assert search(catalogue(), "pt", typed) is None


def test_only_unknown_words_find_nothing() -> None:
    found = search(catalogue(), "pt", "xilofone")
    assert found is not None
    assert list(found.codes) == []


@given(st.text(max_size=4_000))
def test_any_text_is_searched_for_without_an_error(typed: str) -> None:
    found = search(catalogue(), "pt", typed)
    assert found is None or set(found.codes) <= set(catalogue().subjects)


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_folding_is_stable_and_words_have_letters_or_digits_only(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert all(each.isalnum() for each in words_of(text))


def test_accents_case_and_ligatures_are_folded() -> None:
    assert folded("SÃO João à ª ﬁm ẞ 𝕊") == "sao joao a a fim ss s"
    assert words_of("«Pensão» de sobrevivência, n.º 3/2027") == ["pensao", "de", "sobrevivencia", "n", "o", "3", "2027"]
