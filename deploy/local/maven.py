"""The jars of the Java engines: fetched into the usual Maven folder, used only when their checksums are right.

`jars/ENGINE/jgo.lock.toml` names every jar with its SHA-256. The Maven folder is `~/.m2/repository`, or `M2_REPO`;
a mirror is named in jgo's own settings file.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL, default_maven_repo
from jgo.env import LockedDependency, LockFile
from jgo.maven import MavenContext, PythonResolver
from requests import RequestException

from deploy.local.errors import StackError, explained
from deploy.local.hints import typed

LOCKS = Path(__file__).parent / "jars"
DOWNLOADS_AT_ONCE = 4
TIMEOUT_SECONDS = 60

# Followed by the pid: a killed download leaves its folder to the next one.
WORKPLACE = ".postigo-"


@dataclass(frozen=True)
class Fetched:
    """How far a download is: jars fetched, jars to fetch, bytes so far."""

    jars: int
    of: int
    size: int

    def __str__(self) -> str:
        return f"{self.jars} of {self.of} jars, {self.size / 1_000_000:.1f} MB"


def class_path(engine: str) -> str:
    """The class path of `engine` (a folder of `jars/`), every jar verified. Raises StackError."""
    verify(engine)
    repository = default_maven_repo()
    return os.pathsep.join(str(repository / _path(jar)) for jar in _lock(engine).dependencies)


def missing(engines: Sequence[str]) -> list[LockedDependency]:
    """The jars of `engines` that the Maven folder lacks, each once."""
    repository = default_maven_repo()
    wanted = {_path(jar): jar for engine in engines for jar in _lock(engine).dependencies}
    return [jar for path, jar in wanted.items() if not (repository / path).exists()]


def verify(engine: str) -> None:
    """Raise StackError when any jar of `engine` is not there, has no checksum in the lock, or has another one."""
    if absent := missing([engine]):
        raise StackError(f"{len(absent)} jars of {engine} are not on this machine yet: run '{typed('download')}'.")
    lock = _lock(engine)
    unlocked = [f"{jar} has no checksum in the lock file" for jar in lock.dependencies if not jar.sha256]
    wrong = unlocked + lock.verify_checksums(default_maven_repo())
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if wrong[1:] else ""
        raise StackError(
            f"A jar of {engine} is not the one that was locked: {wrong[0]}{more}. Remove it and run '{typed('download')}'."
        )


def download(engines: Sequence[str], report: Callable[[Fetched], None] = lambda _: None) -> int:
    """Fetch what is missing, jar by jar, and verify everything; returns the number of jars fetched.

    A jar enters the Maven folder whole and verified or not at all, so a broken download goes on where it was.
    """
    wanted = missing(engines)
    if wanted:
        with explained(default_maven_repo()), _workplace() as place:
            _fetch_all(wanted, place, report)
    for engine in engines:
        verify(engine)
    return len(wanted)


def _fetch_all(wanted: Sequence[LockedDependency], place: Path, report: Callable[[Fetched], None]) -> None:
    done = size = 0
    context = _context(place)
    report(Fetched(0, len(wanted), 0))
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        fetches = [pool.submit(_fetch, jar, context) for jar in wanted]
        try:
            for fetch in as_completed(fetches):
                done, size = done + 1, size + fetch.result()
                report(Fetched(done, len(wanted), size))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _fetch(jar: LockedDependency, context: MavenContext) -> int:
    name = f"{jar.artifactId}-{jar.version}"
    component = context.project(jar.groupId, jar.artifactId).at_version(jar.version)
    try:
        fetched = component.artifact(classifier=jar.classifier or "", packaging=jar.packaging).resolve()
    except (RequestException, RuntimeError) as error:
        raise StackError(
            f"{name} could not be downloaded: check the network (or the proxy, or the mirror in jgo's settings) "
            f"and run '{typed('download')}'; what has arrived is kept."
        ) from error
    if _sha256(fetched) != jar.sha256:
        raise StackError(f"{name} arrived with a wrong checksum and was thrown away: run '{typed('download')}' again.")
    target = default_maven_repo() / _path(jar)
    target.parent.mkdir(parents=True, exist_ok=True)
    size = fetched.stat().st_size
    fetched.replace(target)
    return size


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _context(place: Path) -> MavenContext:
    mirrors: dict[str, str] = GlobalSettings.load().repositories
    repositories = {"central": MAVEN_CENTRAL_URL, **mirrors}
    return MavenContext(resolver=PythonResolver(), repo_cache=place, remote_repos=repositories, timeout=TIMEOUT_SECONDS)


@contextmanager
def _workplace() -> Iterator[Path]:
    """A folder on the same file system as the Maven folder, so that a finished jar moves there in one step."""
    repository = default_maven_repo()
    for left_over in repository.glob(f"{WORKPLACE}*"):
        if not Path("/proc", left_over.name.removeprefix(WORKPLACE)).exists():
            shutil.rmtree(left_over, ignore_errors=True)
    place = repository / f"{WORKPLACE}{os.getpid()}"
    place.mkdir(parents=True)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _lock(engine: str) -> LockFile:
    lock: Any = LockFile.load(LOCKS / engine / "jgo.lock.toml")
    assert isinstance(lock, LockFile)
    return lock


def _path(jar: LockedDependency) -> Path:
    classifier = f"-{jar.classifier}" if jar.classifier else ""
    file = f"{jar.artifactId}-{jar.version}{classifier}.{jar.packaging}"
    return Path(*jar.groupId.split("."), jar.artifactId, jar.version, file)


def main() -> None:
    """`python -m deploy.local.maven ENGINE…`: a line of progress for each jar fetched; errors in one sentence."""
    try:
        download(sys.argv[1:], lambda fetched: print(fetched, flush=True))
    except StackError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
