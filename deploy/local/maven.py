"""The jars of the Java engines. They are fetched into the Maven folder and used only when their checksums match.

`jars/ENGINE/jgo.lock.toml` lists every jar with its SHA-256. The Maven folder is `~/.m2/repository`, or `M2_REPO`.
A mirror can be set in jgo's own settings file.
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

from deploy.local.errors import StackError, translate_os_errors
from deploy.local.hints import typed

LOCKS = Path(__file__).parent / "jars"
PARALLEL_DOWNLOADS = 4
TIMEOUT_SECONDS = 60

# The pid follows the prefix. The next download removes the folder of a killed one.
SCRATCH_PREFIX = ".postigo-"


@dataclass(frozen=True)
class DownloadProgress:
    """Progress of a download: fetched jars, all jars, and bytes so far."""

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
    """The jars of `engines` that are not in the Maven folder, each once."""
    repository = default_maven_repo()
    wanted = {_path(jar): jar for engine in engines for jar in _lock(engine).dependencies}
    return [jar for path, jar in wanted.items() if not (repository / path).exists()]


def verify(engine: str) -> None:
    """Raise StackError when a jar of `engine` is missing, or has no checksum in the lock file, or another one."""
    if absent := missing([engine]):
        raise StackError(f"{len(absent)} jars of {engine} are not on this machine yet: run '{typed('download')}'.")
    lock = _lock(engine)
    unlocked = [f"{jar} has no checksum in the lock file" for jar in lock.dependencies if not jar.sha256]
    wrong = unlocked + lock.verify_checksums(default_maven_repo())
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if wrong[1:] else ""
        raise StackError(
            f"A jar of {engine} does not match the lock file: {wrong[0]}{more}. Remove it and run '{typed('download')}'."
        )


def download(engines: Sequence[str], report: Callable[[DownloadProgress], None] = lambda _: None) -> int:
    """Fetch the missing jars and verify all; returns the number of fetched jars. Raises StackError.

    A jar is moved into the Maven folder when it is complete and verified, so an interrupted download continues.
    """
    wanted = missing(engines)
    if wanted:
        with translate_os_errors(default_maven_repo()), _scratch_folder() as scratch:
            _fetch_all(wanted, scratch, report)
    for engine in engines:
        verify(engine)
    return len(wanted)


def _fetch_all(wanted: Sequence[LockedDependency], scratch: Path, report: Callable[[DownloadProgress], None]) -> None:
    done = size = 0
    context = _context(scratch)
    report(DownloadProgress(0, len(wanted), 0))
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        fetches = [pool.submit(_fetch, jar, context) for jar in wanted]
        try:
            for fetch in as_completed(fetches):
                done, size = done + 1, size + fetch.result()
                report(DownloadProgress(done, len(wanted), size))
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
            f"and run '{typed('download')}'; the fetched jars are kept."
        ) from error
    if _sha256(fetched) != jar.sha256:
        raise StackError(f"{name} has a wrong checksum and was deleted: run '{typed('download')}' again.")
    target = default_maven_repo() / _path(jar)
    target.parent.mkdir(parents=True, exist_ok=True)
    size = fetched.stat().st_size
    fetched.replace(target)
    return size


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _context(scratch: Path) -> MavenContext:
    mirrors: dict[str, str] = GlobalSettings.load().repositories
    repositories = {"central": MAVEN_CENTRAL_URL, **mirrors}
    return MavenContext(
        resolver=PythonResolver(), repo_cache=scratch, remote_repos=repositories, timeout=TIMEOUT_SECONDS
    )


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    """A folder on the file system of the Maven folder, so that a rename moves a finished jar there atomically."""
    repository = default_maven_repo()
    for left_over in repository.glob(f"{SCRATCH_PREFIX}*"):
        if not Path("/proc", left_over.name.removeprefix(SCRATCH_PREFIX)).exists():
            shutil.rmtree(left_over, ignore_errors=True)
    scratch = repository / f"{SCRATCH_PREFIX}{os.getpid()}"
    scratch.mkdir(parents=True)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _lock(engine: str) -> LockFile:
    lock: Any = LockFile.load(LOCKS / engine / "jgo.lock.toml")
    assert isinstance(lock, LockFile)
    return lock


def _path(jar: LockedDependency) -> Path:
    classifier = f"-{jar.classifier}" if jar.classifier else ""
    file = f"{jar.artifactId}-{jar.version}{classifier}.{jar.packaging}"
    return Path(*jar.groupId.split("."), jar.artifactId, jar.version, file)


def main() -> None:
    """`python -m deploy.local.maven ENGINE…`: prints one line for each fetched jar, and an error as one sentence."""
    try:
        download(sys.argv[1:], lambda progress: print(progress, flush=True))
    except StackError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
