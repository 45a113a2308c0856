"""Versions of the catalogue in time, and the faults of files, with their lines."""

from datetime import date
from pathlib import Path
from typing import Final

import pytest

from services.common.catalogue import Catalogues, FaultyCatalogue, read_catalogues, read_version
from services.common.catalogue.differences import Difference, differences

VERSION: Final = """\
version: 1
valid_from: 2026-01-01
clocks:
  INF10: {length: 10, unit: working_days, for: "information"}
  DOC10: {length: 10, unit: working_days, for: "documents"}
  AUD10: {length: 10, unit: working_days, for: "hearing"}
departments:
  pf: {pt: "Prestações", en: "Benefits"}
  tri: {pt: "Triagem", en: "Screening"}
reasons:
  INF: {pt: "Informação", en: "Information", clock: INF10}
life_events:
  - code: FAM
    pt: "Família"
    en: "Family"
    entry: life_event
    subjects:
      - {code: FAM-01, pt: "Abono", en: "Child", who: P, department: pf, reasons: [INF]}
"""


def written(folder: Path, *versions: str) -> Path:
    (folder / "versions").mkdir()
    for number, text in enumerate(versions, 1):
        (folder / "versions" / f"{number}.yaml").write_text(text, encoding="utf-8")
    return folder


def later(number: int, valid_from: str, **changed: str) -> str:
    text = VERSION.replace("version: 1", f"version: {number}").replace("2026-01-01", valid_from)
    for old, new in changed.items():
        text = text.replace(old, new)
    return text


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(FaultyCatalogue) as raised:
        read_catalogues(folder)
    return [f"{each.file.name}:{each.line}: {each.text}" for each in raised.value.faults]


@pytest.fixture
def two(tmp_path: Path) -> Catalogues:
    return read_catalogues(written(tmp_path, VERSION, later(2, "2027-01-01", Abono="Novo abono")))


@pytest.mark.parametrize(
    ("day", "number"),
    [("2025-06-01", 1), ("2026-01-01", 1), ("2026-12-31", 1), ("2027-01-01", 2), ("2031-01-01", 2)],
)
def test_a_version_is_in_force_until_the_next_one(two: Catalogues, day: str, number: int) -> None:
    assert two.on(date.fromisoformat(day)).version == number


def test_an_entry_has_the_words_of_its_version(two: Catalogues) -> None:
    names = [two.find(lambda each: each.subjects, "FAM-01", number) for number in (1, 2)]
    assert [each.pt for each in names if each] == ["Abono", "Novo abono"]


def test_an_entry_that_its_version_lacks_has_its_newest_words(tmp_path: Path) -> None:
    without = later(2, "2026-02-01").replace("FAM-01", "FAM-02")
    known = read_catalogues(written(tmp_path, VERSION, without))
    found = known.find(lambda each: each.subjects, "FAM-01", 2)
    assert found is not None
    assert found.pt == "Abono"
    assert known.find(lambda each: each.subjects, "FAM-99", 2) is None


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        ("clock: INF10", "clock: INF11", ["1.yaml:11: reason INF: there is no clock INF11"]),
        ("department: pf", "department: xx", ["1.yaml:18: subject FAM-01: there is no department xx"]),
        ("[INF]", "[INF, DEN]", ["1.yaml:18: subject FAM-01: there is no reason DEN"]),
        ("[INF]", "[INF, INF]", ["1.yaml:18: subject FAM-01: the reason INF appears twice"]),
        ("[INF]", "[INF], automatic: [INF]", ["1.yaml:18: subject FAM-01: the reason INF appears twice"]),
        ("[INF]", "[INF], automatic: [NAS]", ["1.yaml:18: subject FAM-01: there is no reason NAS"]),
        (
            "version: 1",
            "version: 9223372036854775808",
            ["1.yaml:1: version: Input should be less than or equal to 9999"],
        ),
        ("length: 10", "length: 2500000", None),
        ("length: 10, unit: working_days", "length: 25, unit: calendar_months", None),
        ("version: 1", "version: 0x_", None),
        ("  pf:", "  'f/ is': {pt: A, en: B}\n  pf:", None),
        ("  pf: {", "  other: *a\n  pf: {", ["1.yaml:8: is no YAML: an alias (*) is not allowed"]),
        ("version: 1", "version: 1\nother: " + "[" * 2_000, None),
        ("  pf:", "  pf: {pt: A, en: B}\n  pf:", ["1.yaml:9: pf appears twice"]),
        ('  DOC10: {length: 10, unit: working_days, for: "documents"}\n', "", None),
        ("  tri: {", "  sri: {", ["1.yaml:7: the department tri is missing: it gets what no other one does"]),
        ("2026-01-01", "2026-02-30", None),
        ("version: 1", "version: 0", ["1.yaml:1: version: Input should be greater than or equal to 1"]),
        ("who: P,", "who: X,", None),
        ("entry: life_event", "surprise: 1", None),
        ("departments:", "departments: [", ["1.yaml:9: is no YAML: expected ',' or ']', but got '<scalar>'"]),
        ("2026-01-01", "2026-01-01\nvalid_until: 2025-12-31", ["1.yaml:3: it ends before it begins, on 2026-01-01"]),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, faults: list[str] | None) -> None:
    assert old in VERSION
    found = faults_of(written(tmp_path, VERSION.replace(old, new, 1)))
    if faults is not None:
        assert found == faults
    assert found


def test_a_subject_that_appears_twice_is_told_where_it_appears_again(tmp_path: Path) -> None:
    line = VERSION.splitlines()[-1]
    assert faults_of(written(tmp_path, f"{VERSION}{line}\n")) == ["1.yaml:19: the code FAM-01 appears twice"]


def test_all_faults_of_all_files_are_told(tmp_path: Path) -> None:
    folder = written(tmp_path, VERSION.replace("clock: INF10", "clock: A").replace("[INF]", "[B]"), "version: [")
    assert [each.split(":")[0] for each in faults_of(folder)] == ["1.yaml", "1.yaml", "2.yaml"]


@pytest.mark.parametrize(
    ("second", "until", "fault"),
    [
        (later(2, "2026-01-01"), "", "2.yaml:2: its validity overlaps with that of 1.yaml"),
        (later(2, "2026-06-01"), "2026-06-01", "2.yaml:2: its validity overlaps with that of 1.yaml"),
        (
            later(2, "2026-06-01"),
            "2026-05-30",
            "1.yaml:3: no version is in force between 2026-05-30 and 2026-06-01 (2.yaml)",
        ),
        (later(1, "2027-01-01"), "", "2.yaml:1: 1.yaml is version 1, too"),
    ],
)
def test_versions_neither_overlap_nor_leave_a_gap(tmp_path: Path, second: str, until: str, fault: str) -> None:
    first = VERSION.replace("2026-01-01", f"2026-01-01\nvalid_until: {until}") if until else VERSION
    assert faults_of(written(tmp_path, first, second)) == [fault]


def test_versions_that_meet_are_accepted(tmp_path: Path) -> None:
    first = VERSION.replace("2026-01-01", "2026-01-01\nvalid_until: 2026-05-31")
    assert len(read_catalogues(written(tmp_path, first, later(2, "2026-06-01"))).versions) == 2


def test_a_folder_without_versions_and_a_file_that_is_no_text_are_faults(tmp_path: Path) -> None:
    assert faults_of(tmp_path) == ["versions:1: has no version of a catalogue (*.yaml)"]
    folder = written(tmp_path, "")
    (folder / "versions" / "1.yaml").write_bytes(b"\xff\xfe")
    assert faults_of(folder) == ["1.yaml:1: is no text in UTF-8"]


def test_the_differences_of_two_versions(tmp_path: Path) -> None:
    text = (
        later(2, "2027-01-01", Abono="Novo abono").replace("length: 10", "length: 8", 1).replace("[INF]", "[INF, EST]")
    )
    text = text.replace("life_events:", '  EST: {pt: "Estado", en: "Status", clock: INF10}\nlife_events:')
    one, two = tmp_path / "1.yaml", tmp_path / "2.yaml"
    one.write_text(VERSION, encoding="utf-8")
    two.write_text(text, encoding="utf-8")
    before, after = read_version(one)[1], read_version(two)[1]
    assert differences(before, after) == [
        Difference("changed", "clock", "INF10", "length: 10 → 8"),
        Difference("added", "reason", "EST", "Estado / Status"),
        Difference("changed", "subject", "FAM-01", "pt: Abono → Novo abono"),
        Difference("changed", "subject", "FAM-01", "reasons: +EST"),
    ]
    assert differences(before, before) == []
    assert {each.change for each in differences(after, before)} == {"changed", "removed"}
