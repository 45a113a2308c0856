"""A second version of the catalogue, that is in force since yesterday and changes words, terms and departments."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Final

import pytest

from services.common.catalogue import FOLDER, INCLUDED, catalogues

CHANGES: Final = (
    (r"^version: 1$", "version: 2"),
    (
        r'code: FAM-01, pt: "[^"]+", en: "[^"]+", who: P, department: pf',
        'code: FAM-01, pt: "Novo abono", en: "New benefit", who: P, department: din',
    ),
    (r"INF10: {length: 10", "INF10: {length: 20"),
    (r'INF: {pt: "[^"]+"', 'INF: {pt: "Nova informação"'),
    (r"^ +- {code: FAM-06.*\n", ""),
)


@contextmanager
def second_version(folder: Path) -> Iterator[None]:
    """Use a folder with the first version and a second one: FAM-01 has other names and another department, INF10 is longer, the
    reason INF has another name, and FAM-06 is gone.
    """
    copytree(INCLUDED, folder, dirs_exist_ok=True)
    text = (INCLUDED / "versions" / "1.yaml").read_text(encoding="utf-8")
    for pattern, new in CHANGES:
        text, number = re.subn(pattern, new, text, flags=re.MULTILINE)
        assert number == 1, pattern
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    text = re.sub(r"^valid_from: .*$", f"valid_from: {yesterday}", text, flags=re.MULTILINE)
    (folder / "versions" / "2.yaml").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(FOLDER, str(folder))
        catalogues.cache_clear()
        yield
    catalogues.cache_clear()
