"""A hint names what works for whoever reads it."""

from pathlib import Path

import pytest

from deploy.local.hints import STARTED_BY, option, remember, typed


@pytest.fixture(params=["make", "postigo"])
def by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv(STARTED_BY, raising=False)
    if request.param == "make":
        monkeypatch.setenv(STARTED_BY, "make")
    return str(request.param)


def test_a_command_alone_is_named_as_it_is_typed(by: str) -> None:
    assert typed("down") == f"{by} down"


def test_what_a_command_is_given_goes_where_it_belongs(by: str) -> None:
    assert typed("logs", "mongo") == {"make": "make logs ARGS=mongo", "postigo": "postigo logs mongo"}[by]
    assert option("--home", "DIR") == {"make": 'ARGS="--home DIR"', "postigo": "--home DIR"}[by]


def test_another_folder_than_the_usual_is_part_of_the_hint(by: str) -> None:
    named = {"make": 'make down ARGS="--home /srv/x"', "postigo": "postigo down --home /srv/x"}[by]
    assert typed("down", home=Path("/srv/x")) == named
    assert typed("down", home=Path(".postigo").resolve()) == f"{by} down"


def test_who_typed_a_path_reads_that_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(STARTED_BY, "make")
    remember(".venv/bin/postigo")
    assert typed("down") == "make down"

    monkeypatch.delenv(STARTED_BY)
    remember("/usr/lib/python3/deploy/cli/__main__.py")
    assert typed("down") == "postigo down"

    remember(".venv/bin/postigo")
    assert typed("down") == ".venv/bin/postigo down"


def test_who_finds_the_command_by_its_name_alone_reads_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "postigo").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(STARTED_BY, raising=False)
    remember(str(tmp_path / "postigo"))
    assert typed("down") == "postigo down"
