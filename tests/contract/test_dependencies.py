"""What production runs imports only packages that production installs."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
OWN: Final = {"gateway", "services", "deploy", "tests"}
PARTS_OF_OTHERS: Final = {
    "pydantic_core": "pydantic",
    "urllib3": "minio",
    "starlette": "fastapi",
    "pymongo": "motor",
    "bson": "motor",
    "opentelemetry": "opentelemetry-sdk",
}
"""Packages that a declared one brings along, and that its users import."""


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(folder: str) -> dict[str, Path]:
    """The top-level packages that modules of the folder import, each with one of them."""
    found: dict[str, Path] = {}
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            found |= {name.partition(".")[0]: file for name in names}
    return found


def test_every_import_of_the_processes_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {normalized(re.split(r"[\[<>=!~;]", each)[0]) for each in project["dependencies"]}
    brought_by = packages_distributions()
    for folder in ("gateway", "services"):
        for package, file in imported(folder).items():
            if package in OWN or package in sys.stdlib_module_names:
                continue
            names = {normalized(each) for each in brought_by.get(package, [package])}
            names.add(PARTS_OF_OTHERS.get(package, package))
            assert names & declared, (
                f"{file.relative_to(ROOT)} imports {package}, which pyproject.toml does not declare"
            )
