"""The programs of the real engines: pieces in a folder outside the repository, built by `postigo engines install`.

A piece is a folder that is moved into place when it is complete, and a stamp file with the digest of its recipe.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.hints import typed

GO = Path(__file__).parent / "go"

DEBIAN = "debian"
CLUSTER = "cluster"
FERRETDB = "ferretdb"
MINIO = "minio"
COMPOSE = "docker-compose"

NEEDED_TO_RUN = (DEBIAN, CLUSTER, FERRETDB, MINIO)

SUITE = "sid"
PACKAGES = ("postgresql-18", "postgresql-18-documentdb", "nginx")

POSTGRES = "/usr/lib/postgresql/18/bin"

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",
    "shared_preload_libraries": "pg_cron,pg_documentdb_core,pg_documentdb",
    "cron.database_name": "postgres",
    # Without it, pg_cron connects to the port that the cluster had when the jobs were created.
    "cron.use_background_workers": "on",
    "cron.log_run": "off",
    "cron.log_statement": "off",
    "max_worker_processes": "16",
    "log_min_messages": "warning",
}
"""PostgreSQL's settings for the DocumentDB extension. All others are defaults: acknowledged writes are on disk."""


def folder() -> Path:
    """`POSTIGO_ENGINES`, or `postigo/engines` in the user's cache."""
    if named := os.environ.get("POSTIGO_ENGINES"):
        return Path(named).absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "postigo" / "engines"


def piece(name: str) -> Path:
    return folder() / name


def recipes() -> dict[str, str]:
    """The pieces in the order in which they are built, each with the digest of its recipe."""
    debian = _digest(SUITE, *PACKAGES)
    return {
        DEBIAN: debian,
        CLUSTER: _digest(debian, *(f"{name}={value}" for name, value in SETTINGS.items())),
        FERRETDB: _of_files(GO / FERRETDB),
        MINIO: _of_files(GO / MINIO),
        COMPOSE: _digest(SUITE, COMPOSE),
    }


def missing(*names: str) -> list[str]:
    """The pieces (or those of `names`) that do not exist or were built by another recipe."""
    wanted = {name: recipe for name, recipe in recipes().items() if name in names or not names}
    return [name for name, recipe in wanted.items() if _stamped(name) != recipe or not piece(name).exists()]


def stamp(name: str) -> None:
    """Record that the piece `name` is complete."""
    file = _stamp(name)
    partial = file.with_suffix(".partial")
    partial.write_text(recipes()[name], encoding="ascii")
    partial.rename(file)


def unstamp(name: str) -> None:
    _stamp(name).unlink(missing_ok=True)


def require_root() -> None:
    """Raise StackError for other users: PostgreSQL runs in a chroot, which only root can enter."""
    if os.geteuid() != 0:
        raise StackError("The real engines need root: PostgreSQL runs in a Debian folder that only root can enter.")


def require_installed() -> None:
    """Raise StackError when a piece is missing that the engines need to run."""
    require_root()
    if absent := missing(*NEEDED_TO_RUN):
        raise StackError(
            f"The real engines are not on this machine yet ({', '.join(absent)}): run '{typed('engines', 'install')}'."
        )


def _stamp(name: str) -> Path:
    return folder() / f"{name}.stamp"


def _stamped(name: str) -> str:
    try:
        return _stamp(name).read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def _of_files(module: Path) -> str:
    return _digest(*(file.read_text(encoding="utf-8") for file in sorted(module.iterdir())))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
