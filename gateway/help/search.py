"""Finds help pages by what people type: without accents and case, by the beginnings and stems of words. In memory: there are few pages."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final, NamedTuple

import snowballstemmer

from services.common.catalogue import Catalogue, Language, Subject, catalogues
from services.common.catalogue.help_pages import HelpPage, help_pages
from services.common.text.folding import MAX_WORDS, folded, searchable_words, words_of

_TITLE, _SUMMARY, _TEXT = 8, 3, 1
"""What a word is worth where it is found. The same word counts once, where it is worth most."""

_STEMMERS: Final = {"pt": snowballstemmer.stemmer("portuguese"), "en": snowballstemmer.stemmer("english")}
LONGEST: Final = 1_000
"""Characters that are read of what was typed: a description has up to 4 000."""

_STEMMED: Final = 5
"""Letters of a word from which on its end may differ."""

_COMMON: Final = frozenset(
    words_of(
        "bom boa dia tarde noite ola obrigado obrigada chamo nome "
        "a ao aos as com como da das de do dos e em esta estou eu fazer fui há isso mais me meu meus minha minhas na nas não no nos o os "
        "ou para pedir pelo pela por posso preciso qual quando que quero se ser sem ter tenho um uma "
        "hello good morning dear name thank thanks "
        "about am an and are at can do does for from get have how i in is it me my need not of on or the to want what when where who "
        "with you"
    )
)
"""Words that are in every page, or say that somebody wants something."""


Beginnings = tuple[str, str]
"""A word as it was typed, and its stem: a page has it if one of its words begins like one of them."""


class Result(NamedTuple):
    """`all_words`: whether the pages have every word of the query that means something; else they have some of them."""

    codes: Sequence[str]
    all_words: bool


class _Indexed(NamedTuple):
    code: str
    words: tuple[tuple[int, Sequence[str]], ...]
    """What a word is worth, and the words, sorted."""


def search(catalogue: Catalogue, language: Language, typed: str) -> Result | None:
    """The subjects whose help fits best, the best first; None if nothing was typed that can be searched for."""
    typed = typed[:LONGEST]
    typed_words = searchable_words(typed)
    if not typed_words:
        return None
    stems = _stems(typed, language)
    meant = [each for each in typed_words if each not in _COMMON] or typed_words
    words = [(each, stems.get(each, each)) for each in meant[:MAX_WORDS]]
    found = [(code, values) for code, values in _values(_index(catalogue.version, language), words) if any(values)]
    complete = [(code, values) for code, values in found if all(values)]
    best = sorted(complete or found, key=lambda each: (-sum(map(bool, each[1])), -sum(each[1])))
    return Result([code for code, _ in best], bool(complete))


def _values(pages: Iterable[_Indexed], words: Sequence[Beginnings]) -> Iterable[tuple[str, list[int]]]:
    for page in pages:
        yield page.code, [max((value for value, own in page.words if _has(own, each)), default=0) for each in words]


def _has(own: Sequence[str], beginnings: Beginnings) -> bool:
    """`own` is sorted."""
    return any((at := bisect_left(own, each)) < len(own) and own[at].startswith(each) for each in beginnings)


def _stems(typed: str, language: Language) -> dict[str, str]:
    """How other forms of each longer word begin, by the folded word: `despedido` and `despedimento` begin with `desped`."""
    stemmer = _STEMMERS[language]
    words = re.findall(r"\w+", typed.casefold())
    return {folded(each): folded(stemmer.stemWord(each)) for each in words if len(each) >= _STEMMED}


@cache
def _index(version: int, language: Language) -> Sequence[_Indexed]:
    pages = help_pages()
    return [
        _indexed(pages[subject.code, language], _titles(subject, language), event.name(language))
        for event in catalogues().version(version).life_events
        for subject in event.subjects
    ]


def _titles(subject: Subject, language: Language) -> str:
    also = subject.also.name(language) if subject.also else ""
    return f"{subject.pt} {subject.en} {subject.code} {also}"


def _indexed(page: HelpPage, title: str, event: str) -> _Indexed:
    texts = (
        (title, _TITLE),
        (f"{page.summary} {event}", _SUMMARY),
        (" ".join(each.text for each in page.sections), _TEXT),
    )
    return _Indexed(page.code, tuple((value, sorted(set(words_of(text)))) for text, value in texts))
