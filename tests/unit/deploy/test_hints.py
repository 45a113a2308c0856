"""A hint shows a command in the form in which the reader started this one: with make, postigo or a path."""

from pathlib import Path

import pytest

from deploy.local.hints import STARTED_BY, option, remember, typed


@pytest.fixture(params=["make", "postigo"])
def by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv(STARTED_BY, raising=False)
    if request.param == "make":
        monkeypatch.setenv(STARTED_BY, "make")
    return str(request.param)


def test_a_command_without_options(by: str) -> None:
    assert typed("down") == f"{by} down"


def test_options_become_args_for_make(by: str) -> None:
    assert typed("logs", "mongo") == {"make": "make logs ARGS=mongo", "postigo": "postigo logs mongo"}[by]
    assert option("--home", "DIR") == {"make": 'ARGS="--home DIR"', "postigo": "--home DIR"}[by]


def test_a_home_other_than_the_default_is_part_of_the_hint(by: str) -> None:
    expected = {"make": 'make down ARGS="--home /srv/x"', "postigo": "postigo down --home /srv/x"}[by]
    assert typed("down", home=Path("/srv/x")) == expected
    assert typed("down", home=Path(".postigo").resolve()) == f"{by} down"


def test_a_hint_repeats_the_path_that_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(STARTED_BY, "make")
    remember(".venv/bin/postigo")
    assert typed("down") == "make down"

    monkeypatch.delenv(STARTED_BY)
    remember("/usr/lib/python3/deploy/cli/__main__.py")
    assert typed("down") == "postigo down"

    remember(".venv/bin/postigo")
    assert typed("down") == ".venv/bin/postigo down"


def test_a_hint_has_no_path_when_the_command_is_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "postigo").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(STARTED_BY, raising=False)
    remember(str(tmp_path / "postigo"))
    assert typed("down") == "postigo down"
