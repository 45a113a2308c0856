"""Text as people compare it when they search: without accents and case."""

import unicodedata
from typing import Final

SHORTEST_WORD: Final = 2
"""Characters of a word that is searched for."""

LONGEST_QUERY: Final = 200
MAX_WORDS: Final = 10


def searched_words(typed: str) -> tuple[str, ...]:
    """The words of a query that are long enough, folded; none if nothing can be searched for."""
    return tuple(searchable_words(typed[:LONGEST_QUERY]))[:MAX_WORDS]


def searchable_words(text: str) -> list[str]:
    """The folded words that are long enough to be searched for, each once."""
    return [each for each in dict.fromkeys(words_of(text)) if len(each) >= SHORTEST_WORD]


def folded(text: str) -> str:
    """`São João` becomes `sao joao`."""
    # A letter of another kind (𝕊) has a case only after it was taken apart.
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))


def words_of(text: str) -> list[str]:
    """The folded words: what letters and digits make between other characters."""
    return "".join(each if each.isalnum() else " " for each in folded(text)).split()
