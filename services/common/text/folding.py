"""Text as people compare it when they search: without accents and case."""

import unicodedata


def folded(text: str) -> str:
    """`São João` becomes `sao joao`."""
    # A letter of another kind (𝕊) has a case only after it was taken apart.
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))


def words_of(text: str) -> list[str]:
    """The folded words: what letters and digits make between other characters."""
    return "".join(each if each.isalnum() else " " for each in folded(text)).split()
