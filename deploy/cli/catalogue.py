"""`postigo catalogue`: check the catalogue, and compare its versions."""

import sys
from pathlib import Path
from typing import Final

import typer

from deploy.cli.printing import console, count, escape, print_json, table
from deploy.operator.errors import OperatorError
from services.common.catalogue import (
    Catalogue,
    Catalogues,
    FaultyCatalogue,
    FileFault,
    folder_in_use,
    read_catalogues,
    read_version,
)
from services.common.catalogue.differences import Change, differences
from services.common.catalogue.help_pages import HelpPages, read_help
from services.common.catalogue.questions import QuestionsByLeaf, read_questions

_SIGNS: Final[dict[Change, str]] = {"added": "+", "removed": "−", "changed": "~"}
_STYLES: Final[dict[Change, str]] = {"added": "green", "removed": "red", "changed": "yellow"}


def check(folder: Path | None, *, as_json: bool) -> None:
    try:
        found, pages, questions = _read(_folder(folder))
    except FaultyCatalogue as error:
        _print_faults(error, as_json=as_json)
        raise typer.Exit(1) from None
    if as_json:
        listed = [_about(each, found) for each in found.versions]
        print_json({"versions": listed, "help_pages": len(pages), "questions": len(questions), "faults": []})
        return
    rendered = table("version", "in force", "subjects", "reasons", "departments", "", right=("version",))
    for each in found.versions:
        sizes = (len(each.subjects), len(each.reasons), len(each.departments))
        mark = "today" if each is found.in_force else ""
        rendered.add_row(str(each.version), _period(each), *map(str, sizes), mark)
    console().print(rendered)
    console().print(f"{count(len(pages), 'help page')}, {count(len(questions), 'reason')} with questions. No faults.")


def diff(folder: Path | None, before: str | None, after: str | None, *, as_json: bool) -> None:
    old, new = _versions(folder, before, after)
    found = differences(old, new)
    if as_json:
        print_json({"before": old.version, "after": new.version, "differences": [each._asdict() for each in found]})
        return
    console().print(f"Version {old.version} → {new.version}, in force from {new.valid_from}", style="bold")
    for each in found:
        line = f"{_SIGNS[each.change]} {each.kind} {each.code}  {escape(each.text)}"
        console().print(line, style=_STYLES[each.change])
    console().print(count(len(found), "difference") + "." if found else "No differences.")


def _read(folder: Path) -> tuple[Catalogues, HelpPages, QuestionsByLeaf]:
    """Everything in the folder. Raises `FaultyCatalogue` with the faults of help and questions together: what they must be about is known
    when the versions have none.
    """
    found, faults = read_catalogues(folder), list[FileFault]()
    pages: HelpPages = {}
    questions: QuestionsByLeaf = {}
    try:
        pages = read_help(folder, found)
    except FaultyCatalogue as error:
        faults += error.faults
    try:
        questions = read_questions(folder, found)
    except FaultyCatalogue as error:
        faults += error.faults
    if faults:
        raise FaultyCatalogue(*faults)
    return found, pages, questions


def _versions(folder: Path | None, before: str | None, after: str | None) -> tuple[Catalogue, Catalogue]:
    try:
        known = read_catalogues(_folder(folder))
        if before is None and len(known.versions) == 1:
            raise OperatorError(
                "There is only one version: name the file of another, like 'catalogue diff 1 new.yaml'."
            )
        old = known.versions[-2] if before is None else _version(known, before)
        return old, known.versions[-1] if after is None else _version(known, after)
    except FaultyCatalogue as error:
        raise OperatorError(f"the catalogue is faulty.\n{error}") from None


def _version(known: Catalogues, typed: str) -> Catalogue:
    if not typed.isdecimal():
        return read_version(Path(typed))[1]
    found = next((each for each in known.versions if str(each.version) == typed), None)
    if found is None:
        numbers = ", ".join(str(each.version) for each in known.versions)
        raise OperatorError(f"There is no version {typed}: there are {numbers}.")
    return found


def _print_faults(error: FaultyCatalogue, *, as_json: bool) -> None:
    if as_json:
        print_json({"faults": [each._asdict() for each in error.faults]})
        return
    print(error, file=sys.stderr)
    print(count(len(error.faults), "fault") + ".", file=sys.stderr)


def _about(version: Catalogue, known: Catalogues) -> dict[str, object]:
    return {
        "version": version.version,
        "valid_from": version.valid_from,
        "valid_until": version.valid_until,
        "in_force": version is known.in_force,
        "subjects": len(version.subjects),
        "reasons": len(version.reasons),
        "departments": len(version.departments),
    }


def _period(version: Catalogue) -> str:
    return f"from {version.valid_from}" + (f" until {version.valid_until}" if version.valid_until else "")


def _folder(folder: Path | None) -> Path:
    return folder or folder_in_use()
