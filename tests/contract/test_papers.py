"""The papers point at what is there: links lead somewhere, and a function is in the file that is named with it."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from tests.contract.containers import ROOT

PAPERS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))

_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
_NAMED = re.compile(r"`([A-Za-z_][\w.]*)` in\s+\[[^\]]*\]\(([^)#\s]+\.py)\)")

papers = pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))


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


@papers
def test_every_link_leads_somewhere(paper: Path) -> None:
    links = _LINK.findall(paper.read_text(encoding="utf-8"))
    assert [link for link in links if not (paper.parent / link).exists()] == []


@papers
def test_every_name_is_in_the_file_that_is_named_with_it(paper: Path) -> None:
    named = _NAMED.findall(paper.read_text(encoding="utf-8"))
    assert [(name, file) for name, file in named if name not in names_in(paper.parent / file)] == []


def test_the_tour_names_what_it_shows() -> None:
    assert len(_NAMED.findall((ROOT / "docs" / "tour.md").read_text(encoding="utf-8"))) >= 20


@pytest.mark.parametrize("record", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_why_what_and_what_enforces_it(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
        "Alternatives",
        "Enforced by",
    ]
    assert _LINK.search(text.partition("## Enforced by")[2])


def test_publiccode_has_what_the_standard_requires() -> None:
    described = yaml.safe_load((ROOT / "publiccode.yaml").read_text(encoding="utf-8"))
    assert set(described) >= {
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
    assert described["legal"]["license"] == "Apache-2.0"
    for text in described["description"].values():
        assert len(text["shortDescription"]) <= 150
        assert 150 <= len(text["longDescription"]) <= 10_000
        assert text["features"]
