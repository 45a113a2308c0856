"""All versions of the catalogue, in time.

A request keeps the version that was in force when it was filed: its words, its terms and its department.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeVar

from services.common.catalogue.models import Catalogue, Fault
from services.common.catalogue.yaml_file import FaultyCatalogue, FileFault, YamlFile
from services.common.legal_clock import day_of

FOLDER: Final = "CATALOGUE_FOLDER"
"""The setting: a folder with `versions/*.yaml`. Without it, the catalogue that comes with Postigo."""

INCLUDED: Final = Path(__file__).parent / "data"

VERSIONS: Final = "versions"

E = TypeVar("E")

Entries = Callable[[Catalogue], Mapping[str, E]]
"""The subjects, reasons or departments of a version, by code."""


class Catalogues:
    """Versions by their first day in force, without overlaps and gaps."""

    def __init__(self, versions: Sequence[Catalogue]) -> None:
        self.versions = tuple(versions)

    def on(self, day: date) -> Catalogue:
        """The version in force on a day. Before the first one, the first; after the last one has ended, the last."""
        return next((each for each in reversed(self.versions) if each.valid_from <= day), self.versions[0])

    @property
    def in_force(self) -> Catalogue:
        """The version in force today, in Lisbon."""
        return self.on(_today())

    @property
    def not_ended(self) -> Sequence[Catalogue]:
        """The version in force today, and the later ones."""
        first = self.in_force.valid_from
        return [each for each in self.versions if each.valid_from >= first]

    def last_day(self, version: Catalogue) -> date | None:
        """The last day on which the version is in force; None if nothing follows."""
        later = (each.valid_from for each in self.versions if each.valid_from > version.valid_from)
        following = min(later, default=None)
        return version.valid_until or (following and following - timedelta(days=1))

    def version(self, number: int | None) -> Catalogue:
        """The version with this number; the one in force today if it is not known."""
        known = (each for each in self.versions if each.version == number)
        return next(known, None) or self.in_force

    def find(self, entries: Entries[E], code: str, number: int | None) -> E | None:
        """The entry with this code in the version `number`; else the newest one. None if no version has it."""
        return entries(self.version(number)).get(code) or self.newest(entries, code)

    def newest(self, entries: Entries[E], code: str) -> E | None:
        """The entry with this code, as the newest version in force has it that has it at all."""
        today = _today()
        past = [each for each in reversed(self.versions) if each.valid_from <= today]
        future = [each for each in self.versions if each.valid_from > today]
        return next((found for each in [*past, *future] if (found := entries(each).get(code))), None)

    def is_automatic(self, subject: str | None, reason: str | None, number: int | None) -> bool:
        """Whether Postigo itself opened a request with this subject and reason, by the version that it was filed under."""
        return self.version(number).is_automatic(subject or "", reason or "")

    @property
    def departments(self) -> frozenset[str]:
        """The codes of all versions: also a department that is gone has requests."""
        return frozenset(code for each in self.versions for code in each.departments)


def _today() -> date:
    return day_of(datetime.now(UTC))


def read_version(file: Path) -> tuple[YamlFile, Catalogue]:
    """One version of the catalogue. Raises `FaultyCatalogue`."""
    source = YamlFile(file)
    version = source.parse(Catalogue)
    if faults := list(version.faults()):
        raise source.faulty(faults)
    return source, version


def read_catalogues(folder: Path) -> Catalogues:
    """All versions in a folder. Raises `FaultyCatalogue` with everything that is wrong with any of them."""
    files = sorted((folder / VERSIONS).glob("*.yaml"))
    if not files:
        raise FaultyCatalogue(FileFault(folder / VERSIONS, 1, "has no version of a catalogue (*.yaml)"))
    read: list[tuple[YamlFile, Catalogue]] = []
    faults: list[FileFault] = []
    for file in files:
        try:
            read.append(read_version(file))
        except FaultyCatalogue as error:
            faults.extend(error.faults)
    read.sort(key=lambda each: each[1].valid_from)
    faults.extend(_faults_between(read))
    if faults:
        raise FaultyCatalogue(*faults)
    return Catalogues([version for _, version in read])


def _faults_between(read: Sequence[tuple[YamlFile, Catalogue]]) -> Iterable[FileFault]:
    numbers: dict[int, Path] = {}
    for source, version in read:
        if (other := numbers.setdefault(version.version, source.file)) is not source.file:
            yield from source.faulty([Fault(("version",), f"{other.name} is version {version.version}, too")]).faults
    for (earlier, before), (later, after) in pairwise(read):
        until = before.valid_until
        if after.valid_from == before.valid_from or (until and until >= after.valid_from):
            text = f"its validity overlaps with that of {earlier.file.name}"
            yield from later.faulty([Fault(("valid_from",), text)]).faults
        elif until and (after.valid_from - until).days > 1:
            text = f"no version is in force between {until} and {after.valid_from} ({later.file.name})"
            yield from earlier.faulty([Fault(("valid_until",), text)]).faults


def folder_in_use() -> Path:
    return Path(os.environ.get(FOLDER) or INCLUDED)


@cache
def catalogues() -> Catalogues:
    """The versions that this process uses. Raises `FaultyCatalogue`."""
    return read_catalogues(folder_in_use())


def catalogue() -> Catalogue:
    """The version in force today, in Lisbon."""
    return catalogues().in_force
