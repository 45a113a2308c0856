"""Remove the jars that `postigo download` put into the Maven folder. Uses only the standard library: `make clean` has
removed the virtual environment by then.

`postigo download` stores only the jar; Maven stores a `.pom` beside it. So a jar without other files is ours.
"""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

LOCKS = Path(__file__).parent / "local" / "jars"


def repository() -> Path:
    """The Maven folder: `M2_REPO`, or `~/.m2/repository`."""
    return Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository")


def locked(locks: Path = LOCKS) -> Iterator[Path]:
    """The folder of every locked jar, relative to the Maven folder."""
    for lock in sorted(locks.glob("*/jgo.lock.toml")):
        for jar in tomllib.loads(lock.read_text(encoding="utf-8"))["dependencies"]:
            yield Path(*jar["groupId"].split("."), jar["artifactId"], jar["version"])


def clean(maven: Path, folders: Iterator[Path]) -> tuple[int, int]:
    """Remove jars without other files from `folders`, and empty folders. Returns the number of jars and of bytes."""
    removed = size = 0
    for folder in dict.fromkeys(folders):
        files = list((maven / folder).glob("*"))
        if not files or any(file.suffix != ".jar" for file in files):
            continue
        for jar in files:
            removed, size = removed + 1, size + jar.stat().st_size
            jar.unlink()
        _remove_empty(maven / folder, maven)
    return removed, size


def _remove_empty(folder: Path, maven: Path) -> None:
    while folder != maven and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


if __name__ == "__main__":
    jars, freed = clean(repository(), locked())
    print(f"{jars} jars removed from {repository()} ({freed / 1e6:.0f} MB); jars that Maven itself fetched are kept.")
