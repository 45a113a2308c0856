"""Addresses that a form or a link names, and that a page goes on to."""

from urllib.parse import urlsplit


def own_path(typed: str) -> str:
    """The address if it is one of ours, else that of the first page: a link must not lead from here to another site."""
    try:
        is_own = typed.startswith("/") and not typed.startswith(("//", "/\\")) and not urlsplit(typed).netloc
    except ValueError:
        is_own = False
    return typed if is_own and typed.isprintable() else "/"
