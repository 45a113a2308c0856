"""The lines to copy are valid shell, use a subject of the catalogue, and never fail silently."""

import os
import shlex
import shutil
import socket
import subprocess

import pytest

from deploy.demo.tryout import curl_lines
from services.common.catalogue import catalogue
from tests.unit.verification.builders import AUTHOR

LINES = curl_lines(AUTHOR, "http://127.0.0.1:20000")

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def pasted(*lines: str) -> tuple[str, str]:
    """The standard output and standard error of an interactive shell that runs the lines."""
    found = subprocess.run(
        ["bash", "--norc", "--noprofile", "-i"],
        input="\n".join([*lines, ""]),
        env={**os.environ, "HISTFILE": ""},
        text=True,
        capture_output=True,
        check=False,
    )
    return found.stdout, found.stderr


def test_the_lines_use_a_subject_of_the_catalogue() -> None:
    assert subprocess.run(["bash", "-n"], input="\n".join(LINES), text=True, check=False).returncode == 0
    assert any('"subject":"FAM-01","reason":"INF"' in word for word in shlex.split(LINES[1]))
    assert catalogue().valid_leaf("FAM-01", "INF")
    assert catalogue().subjects["FAM-01"].open_to("P")
    assert AUTHOR.password in LINES[0]


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ('{"token":"abc-_1","expires_at":"2026-01-05T09:00:00Z"}', "abc-_1\n"),
        ('{"title":"Unknown number or wrong password","status":401}', ""),
    ],
)
def test_the_filter_prints_the_value_and_nothing_for_a_problem(answer: str, left: str) -> None:
    sed = LINES[0].rpartition("| ")[2].partition(");")[0]
    found = subprocess.run(["bash", "-c", sed], input=f"{answer}\n", text=True, capture_output=True, check=True)
    assert found.stdout == left


@needs_curl
def test_every_line_prints_an_error_when_the_sign_in_fails() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        output, errors = pasted(*curl_lines(AUTHOR, f"http://127.0.0.1:{other.getsockname()[1]}"))
    assert "TOKEN: not signed in" in errors
    assert "TOKEN: sign in first" in errors
    assert "REF: not filed" in errors
    assert "REF: file first" in errors
    assert "{" not in output
