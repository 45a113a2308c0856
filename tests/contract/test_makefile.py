"""The Makefile lists every target, the documentation names only existing ones, and `setup` names missing requirements."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import clean_jars
from deploy.cli.status import NOTHING_RUNS
from tests.contract.containers import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
MAKE = shutil.which("make") or "make"


def make(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    # Variables of an outer `make test` must not reach this one.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "ARGS"))}
    return subprocess.run(
        [MAKE, *arguments], cwd=cwd, env=inherited | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with only the files that `make setup` reads."""
    for name in ("Makefile", "requirements-dev.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def prepared_checkout(checkout: Path) -> Path:
    """The same with a Python environment that runs the code of this repository."""
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (checkout / ".venv" / ".ready").touch()
    return checkout


def test_make_alone_lists_every_target() -> None:
    listed = set(re.findall(r"^  make ([a-z-]+)", make().stdout, re.MULTILINE))
    assert listed == TARGETS == set(re.findall(r"[a-z-]+", re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0]))


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", ".ci/run", "docs/tour.md"])
def test_a_document_names_only_targets_that_exist(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert set(re.findall(r"(?:`|^|\$ )make ([a-z-]+)", text, re.MULTILINE)) <= TARGETS


@pytest.mark.parametrize("target", ["status", "logs", "down"])
def test_status_logs_and_down_in_a_fresh_clone_print_one_sentence_and_create_nothing(
    checkout: Path, target: str
) -> None:
    found = make(target, cwd=checkout)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith("Nothing runs here, and there is no environment yet: 'make up' ")
    assert found.stdout.count("\n") == 1
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("target", ["status", "down"])
def test_status_and_down_succeed_when_nothing_runs(prepared_checkout: Path, target: str) -> None:
    found = make(target, cwd=prepared_checkout)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith(f"Nothing runs in {prepared_checkout}/.postigo")
    assert "'postigo " not in found.stdout
    assert found.stdout.count("\n") == 1


def test_status_with_an_unknown_option_fails(prepared_checkout: Path) -> None:
    assert make("status", "ARGS=--no-such-option", cwd=prepared_checkout).returncode != 0


def test_make_and_the_command_line_use_the_same_exit_code_when_nothing_runs() -> None:
    assert f"NOTHING_RUNS := {NOTHING_RUNS}\n" in MAKEFILE


def test_setup_names_a_missing_python(checkout: Path) -> None:
    found = make("setup", "PYTHON=", cwd=checkout)
    assert found.returncode != 0
    assert found.stderr.startswith("Python 3.11 or newer is missing: ")


def test_setup_names_a_missing_venv_module(checkout: Path) -> None:
    bare = checkout / "bare-python"
    bare.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    bare.chmod(0o755)
    found = make("setup", f"PYTHON={bare}", cwd=checkout)
    assert found.returncode != 0
    assert found.stderr.startswith("Python's venv is missing: ")


def test_setup_names_a_missing_git(checkout: Path) -> None:
    found = make("setup", f"PYTHON={sys.executable}", cwd=checkout, PATH=str(checkout))
    assert found.returncode != 0
    assert found.stderr.startswith("git is missing: ")


def test_only_jars_that_maven_did_not_download_are_removed(tmp_path: Path) -> None:
    ours, theirs, other = Path("org/a/one/1"), Path("org/a/two/1"), Path("org/b/three/1")
    for folder in (ours, theirs, other):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "it.jar").write_bytes(b"jar")
    (tmp_path / theirs / "it.pom").write_bytes(b"pom")
    assert clean_jars.clean(tmp_path, iter([ours, theirs, ours, Path("org/not/there")])) == (1, 3)
    left = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert left == {"org/a/two/1/it.jar", "org/a/two/1/it.pom", "org/b/three/1/it.jar"}
    assert not (tmp_path / "org/a/one").exists()


def test_clean_jars_reads_the_locked_jars() -> None:
    assert Path("org/apache/kafka/kafka_2.13/4.1.2") in set(clean_jars.locked())


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_is_locked_by_hash_without_a_registry_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    packages = re.findall(r"^[a-zA-Z0-9._-]+(?:\[[^\]]*\])?==.*$", text, re.MULTILINE)
    assert packages
    assert [package for package in packages if not package.endswith("\\")] == []
    assert "://" not in text
    assert "#    make lock\n" in text
