"""The lock files of the jars: every jar has a checksum, and no file names a registry."""

import re
from pathlib import Path

import pytest

from deploy.local import StackError, maven, table
from deploy.local.tier import EMBEDDED

ENGINES = [name for name, engine in table.TIERS[EMBEDDED].items() if engine.in_java]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_jar_is_locked_by_checksum(engine: str) -> None:
    lock = (maven.LOCKS / engine / "jgo.lock.toml").read_text(encoding="utf-8")
    jars = lock.count("[[dependencies]]")

    assert jars > 0
    assert len(re.findall(r'^sha256 = "[0-9a-f]{64}"$', lock, re.MULTILINE)) == jars


@pytest.mark.parametrize(
    "file", sorted(maven.LOCKS.glob("*/*.toml")), ids=lambda file: str(file.relative_to(maven.LOCKS))
)
def test_no_lock_file_contains_an_address(file: Path) -> None:
    assert "://" not in file.read_text(encoding="utf-8")


def test_an_entry_without_a_checksum_fails_the_verification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "some"
    folder.mkdir()
    jar = tmp_path / "repository" / "org" / "x" / "y" / "1" / "y-1.jar"
    jar.parent.mkdir(parents=True)
    jar.touch()
    (folder / "jgo.lock.toml").write_text(
        '[[dependencies]]\ngroupId = "org.x"\nartifactId = "y"\nversion = "1"\npackaging = "jar"\n', encoding="utf-8"
    )
    monkeypatch.setattr(maven, "LOCKS", tmp_path)
    monkeypatch.setenv("M2_REPO", str(tmp_path / "repository"))

    with pytest.raises(StackError, match=r"org\.x:y:1.* has no checksum in the lock file"):
        maven.verify("some")
