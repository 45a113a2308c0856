"""References in the documentation are correct: link targets exist, and a named function is in the file named with it."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from services.common.domain.identifiers import parse_reference, valid_niss
from services.common.messaging.records.dead_letters import PARKED
from tests.contract.containers import ROOT

DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))

_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
_REFERENCE = re.compile(r"\bPO-\w{5}-\w{5}-\w\b")
_NAMED_IN_TABLE = re.compile(r"^\| \d+ \| `([^`]+\.py)`, ((?:`\w+`(?: and )?)+)", re.MULTILINE)
_NAMED = re.compile(r"`([A-Za-z_][\w.]*)` in\s+\[[^\]]*\]\(([^)#\s]+\.py)\)")

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def names_in(file: Path) -> set[str]:
    """Functions, classes, methods (`Class.method`), constants and enum members that `file` defines."""
    found: set[str] = set()

    def collect(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.update((child.name, prefix + child.name))
                collect(child, f"{child.name}." if isinstance(child, ast.ClassDef) else prefix)
            elif isinstance(child, ast.Assign | ast.AnnAssign):
                targets = child.targets if isinstance(child, ast.Assign) else [child.target]
                found.update(prefix + target.id for target in targets if isinstance(target, ast.Name))

    collect(ast.parse(file.read_text(encoding="utf-8")), "")
    return found


@every_document
def test_every_link_target_exists(document: Path) -> None:
    links = _LINK.findall(document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@every_document
def test_every_name_is_defined_in_the_file_named_with_it(document: Path) -> None:
    named = _NAMED.findall(document.read_text(encoding="utf-8"))
    assert [(name, file) for name, file in named if name not in names_in(document.parent / file)] == []


def test_every_niss_in_the_readme_is_valid() -> None:
    numbers = re.findall(r"\b[12]\d{10}\b", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(numbers) >= 3
    assert [number for number in numbers if not valid_niss(number)] == []


def test_every_reason_on_a_dead_letter_is_explained() -> None:
    """The short codes of `Poison` in the sources; those of headers and schemas have a form of their own."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "services").rglob("*.py")]
    raised = {code for text in sources for code in re.findall(r'Poison\("([a-z-]+)"\)', text)}
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.partition("## Dead letters")[2].partition("\n## ")[0]
    assert len(raised) >= 15
    assert [code for code in sorted(raised | {PARKED}) if f"`{code}`" not in table] == []


def test_the_tour_names_functions_with_their_files() -> None:
    assert len(_NAMED.findall((ROOT / "docs" / "tour.md").read_text(encoding="utf-8"))) >= 20


def test_every_name_in_the_steps_of_the_tour_is_defined_in_its_file() -> None:
    steps = _NAMED_IN_TABLE.findall((ROOT / "docs" / "tour.md").read_text(encoding="utf-8"))
    named = [(file, name) for file, names in steps for name in re.findall(r"`(\w+)`", names)]
    assert len(named) >= 8
    assert [(file, name) for file, name in named if name not in names_in(ROOT / file)] == []


def test_every_sample_reference_in_texts_and_documentation_is_valid() -> None:
    """People copy them, and compare their own reference with them."""
    texts = [
        path
        for folder in ("deploy", "docs", "gateway", "services")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".html", ".json", ".jsonl", ".md", ".py", ".txt", ".yaml"}
    ]
    samples = [
        (path.name, sample)
        for path in [*ROOT.glob("*.md"), *texts]
        for sample in _REFERENCE.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(samples) >= 8
    assert [each for each in samples if parse_reference(each[1]) != each[1]] == []


@pytest.mark.parametrize("record", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_record_has_every_section_and_links_what_enforces_it(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
        "Alternatives",
        "Enforced by",
    ]
    assert _LINK.search(text.partition("## Enforced by")[2])


def test_publiccode_has_the_keys_that_the_standard_requires() -> None:
    metadata = yaml.safe_load((ROOT / "publiccode.yaml").read_text(encoding="utf-8"))
    assert set(metadata) >= {
        "publiccodeYmlVersion",
        "name",
        "url",
        "platforms",
        "developmentStatus",
        "softwareType",
        "description",
        "legal",
        "maintenance",
        "localisation",
    }
    assert metadata["legal"]["license"] == "Apache-2.0"
    for text in metadata["description"].values():
        assert len(text["shortDescription"]) <= 150
        assert 150 <= len(text["longDescription"]) <= 10_000
        assert text["features"]
