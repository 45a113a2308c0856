"""How the pieces of the real engines are made. A half-made piece is made again, a whole one is left alone."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

from deploy.local import cache
from deploy.local.errors import StackError, disk_full, explained
from deploy.local.inside import DATA
from deploy.local.program import Observer, State, Step
from deploy.local.spawn import SPAWN

INSIDE = (sys.executable, "-m", "deploy.local.inside")

GO_PACKAGES = {cache.FERRETDB: ".", cache.MINIO: "github.com/minio/minio"}

LOOK_EVERY_SECONDS = 0.5
TAIL_BYTES = 4_096


@dataclass(frozen=True)
class Workshop:
    """Where one piece is made: its commands run here, print into its log, and the log's last line is its progress."""

    name: str
    log: Path
    observe: Observer
    begin: float = field(default_factory=time.monotonic)

    def tell(self, state: State, detail: str = "") -> None:
        self.observe(Step(self.name, state, time.monotonic() - self.begin, detail))

    def run(
        self, *command: str, folder: Path | None = None, variables: Mapping[str, str] | None = None, said: str = ""
    ) -> None:
        """Run a command that ends with this process. Raises StackError when it fails."""
        environment = {**os.environ, **(variables or {})}
        with self.log.open("ab") as output, TemporaryFile() as typed:
            typed.write(said.encode())
            typed.seek(0)
            ending = [*SPAWN, str(os.getpid()), *command]
            running = subprocess.Popen(ending, cwd=folder, env=environment, stdin=typed, stdout=output, stderr=output)
        while running.poll() is None:
            self.tell(State.STARTING, self._last_line())
            time.sleep(LOOK_EVERY_SECONDS)
        if running.returncode == 0:
            return
        if "No space left on device" in self.log.read_text(encoding="utf-8", errors="replace"):
            raise disk_full(cache.folder())
        last = f" ({line})" if (line := self._last_line()) else ""
        raise StackError(
            f"{self.name} could not be made{last}: see {self.log}, and try again; what is made already is kept."
        )

    def _last_line(self) -> str:
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")


def install(observe: Observer) -> list[str]:
    """Make what is lacking; the names of what was made. Raises StackError."""
    cache.require_root()
    with explained(cache.folder()), _alone():
        missing = cache.lacking()
        for name in missing:
            _install(name, observe)
        shutil.rmtree(_go_cache(), ignore_errors=True)
    return missing


def remove() -> int:
    """Remove everything; how many bytes that frees."""
    if not cache.folder().exists():
        return 0
    cache.require_root()
    with explained(cache.folder()), _alone():
        freed = sum(file.lstat().st_blocks * 512 for file in cache.folder().rglob("*"))
        shutil.rmtree(cache.folder())
    return freed


def _install(name: str, observe: Observer) -> None:
    partial = cache.folder() / f"{name}.partial"
    shop = Workshop(name, cache.folder() / f"{name}.log", observe)
    shop.tell(State.STARTING)
    cache.unstamp(name)
    shop.log.write_bytes(b"")
    for old in (partial, cache.piece(name)):
        if old.exists():
            shutil.rmtree(old)
    try:
        MAKERS[name](shop, partial)
    except StackError:
        shop.tell(State.FAILED, str(shop.log))
        raise
    partial.rename(cache.piece(name))
    cache.stamp(name)
    shop.tell(State.READY, str(cache.piece(name)))


def _make_debian(shop: Workshop, root: Path) -> None:
    """A Debian of its own, because the machine's has another PostgreSQL, or is none."""
    shop.run(_debootstrap(), "--variant=minbase", cache.SUITE, str(root), *_mirror())
    files = {
        # Nobody resolves it otherwise, and the extension calls its own server by that name.
        "etc/hosts": "127.0.0.1 localhost\n",
        "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
        "etc/postgresql-common/createcluster.conf": "create_main_cluster = false\n",
        "etc/dpkg/dpkg.cfg.d/small": "path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n",
    }
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="ascii")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    apt = [*INSIDE, str(root), "/usr/bin/apt-get"]
    shop.run(*apt, "install", "--quiet", "--yes", "--no-install-recommends", *cache.PACKAGES)
    shop.run(*apt, "clean")
    (root / DATA[1:]).mkdir()


def _make_cluster(shop: Workshop, data: Path) -> None:
    """An empty PostgreSQL cluster that has the extension: every new home begins with a copy."""
    data.mkdir()
    inside = [*INSIDE, "--data", str(data), str(cache.piece(cache.DEBIAN))]
    shop.run(
        *inside, f"{cache.POSTGRES}/initdb", "-D", DATA, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"
    )
    settings = [f"--{setting}={value}" for setting, value in cache.SETTINGS.items()]
    single = [f"{cache.POSTGRES}/postgres", "--single", "-j", "-D", DATA, *settings, "postgres"]
    shop.run(*inside, *single, said="create extension documentdb cascade;\n")
    if not (data / "PG_VERSION").exists():
        raise StackError(f"{shop.name} was made, but is empty.")


def _make_compose(shop: Workshop, folder: Path) -> None:
    """Compose itself, without Docker: it reads compose files as a server would."""
    name = shop.name
    root, place = cache.piece(cache.DEBIAN), f"/root/{name}"
    steps = (
        f"rm -rf {place} && mkdir {place} && cd {place}",
        # The folder's list of packages may be older than the package.
        f"( apt-get download {name} || ( apt-get -o Acquire::Check-Valid-Until=false update && apt-get download {name} ) )",
        f"dpkg --extract {name}_*.deb .",
    )
    shop.run(*INSIDE, str(root), "/bin/sh", "-c", " && ".join(steps))
    folder.mkdir()
    brought = root / place[1:]
    shutil.move(brought / "usr/libexec/docker/cli-plugins" / name, folder / name)
    shutil.rmtree(brought)


def _make_go(shop: Workshop, folder: Path) -> None:
    """A program built from Go modules whose hashes are in this repository."""
    folder.mkdir()
    variables = {
        "GOMODCACHE": str(_go_cache() / "modules"),
        "GOCACHE": str(_go_cache() / "built"),
        "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -modcacherw -mod=readonly -buildvcs=false".strip(),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }
    name = shop.name
    options = ["-v", "-trimpath", "-ldflags=-s -w", "-o", str(folder / name)]
    shop.run(_go(shop), "build", *options, GO_PACKAGES[name], folder=cache.GO / name, variables=variables)


def _go(shop: Workshop) -> str:
    """The path of our own Go: a Python package, locked by hash."""
    place = _go_cache() / "toolchain"
    if not place.exists():
        partial = place.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--require-hashes", "--progress-bar=off"]
        shop.run(*pip, "--target", str(partial), "--requirement", str(cache.GO / "requirements.lock"))
        partial.rename(place)
    return str(place / "go" / "bin" / "go")


MAKERS: Mapping[str, Callable[[Workshop, Path], None]] = {
    cache.DEBIAN: _make_debian,
    cache.CLUSTER: _make_cluster,
    cache.FERRETDB: _make_go,
    cache.MINIO: _make_go,
    cache.COMPOSE: _make_compose,
}


def _go_cache() -> Path:
    """Go and its caches, until everything is built: an interrupted build goes on where it was."""
    return cache.folder() / "go"


def _mirror() -> Sequence[str]:
    mirror = os.environ.get("POSTIGO_DEBIAN_MIRROR")
    return [mirror] if mirror else []


def _debootstrap() -> str:
    """Its path; where it is missing and apt is there, it is installed. Raises StackError."""
    path = shutil.which("debootstrap")
    if path is None and shutil.which("apt-get"):
        _apt_get("update")
        _apt_get("install", "--yes", "--no-install-recommends", "debootstrap")
        path = shutil.which("debootstrap")
    if path is None:
        raise StackError("debootstrap is missing: install it (on Debian and Ubuntu: apt install debootstrap).")
    return path


def _apt_get(*arguments: str) -> None:
    """A try: whether it brought something is looked at afterwards."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", *arguments], check=False, env=environment, capture_output=True, stdin=subprocess.DEVNULL)


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time: another one waits and finds everything made."""
    cache.folder().mkdir(parents=True, exist_ok=True)
    with (cache.folder() / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
