"""On a machine that cannot run the stack, a command prints one sentence and exits with an error code."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from jgo.constants import default_maven_repo

from deploy.local import StackError, maven
from tests.integration.local_stack.harness import empty_stack, fill, needs_root, postigo, small_disk, start_program

JAR = Path("org/slf4j/slf4j-simple/1.7.36/slf4j-simple-1.7.36.jar")
OTHER = Path("com/h2database/h2/2.3.232/h2-2.3.232.jar")
DEAD_END = "http://127.0.0.1:1"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A Maven folder for one test, with links to all jars of the real one."""
    maven.download(["kafka", "mongo"])
    copy = tmp_path / "repository"
    real = default_maven_repo()
    for engine in ("kafka", "mongo"):
        for jar in maven.class_path(engine).split(os.pathsep):
            link = copy / Path(jar).relative_to(real)
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                link.symlink_to(jar)
    return copy


@pytest.mark.parametrize("command", ["up", "status", "logs", "down"])
def test_a_folder_name_that_is_too_long(command: str, tmp_path: Path) -> None:
    refused = postigo(command, "--home", str(tmp_path / ("n" * 300)))

    assert refused.returncode == 1
    assert refused.stderr == (
        "postigo: No file can have a name as long as --home DIR makes it: choose another folder.\n"
    )


def test_a_jar_with_a_wrong_checksum_prevents_the_start(repository: Path, tmp_path: Path) -> None:
    _damage(repository / JAR)

    up = postigo("up", "--home", str(tmp_path / "home"), env={"M2_REPO": str(repository)})

    assert up.returncode == 1
    assert up.stderr.startswith("postigo: A jar of kafka does not match the lock file: org.slf4j:slf4j-simple:1.7.36")
    assert up.stderr.endswith("Remove it and run 'postigo download'.\n")
    assert up.stderr.count("\n") == 1


def test_a_missing_jar_without_a_network(repository: Path, tmp_path: Path) -> None:
    (repository / JAR).unlink()
    offline = {"M2_REPO": str(repository), "HTTPS_PROXY": DEAD_END, "https_proxy": DEAD_END}

    up = postigo("up", "--home", str(tmp_path / "home"), env=offline)

    assert up.returncode == 1
    assert up.stderr == (
        "postigo: slf4j-simple-1.7.36 could not be downloaded: check the network (or the proxy, or the mirror in "
        "jgo's settings) and run 'postigo download'; the fetched jars are kept.\n"
    )


def test_a_download_fetches_missing_jars_from_the_mirror(repository: Path, tmp_path: Path) -> None:
    (repository / JAR).unlink()
    with _mirror(default_maven_repo()) as url:
        downloaded = postigo("download", env=_with_mirror(url, repository, tmp_path))

    assert downloaded.returncode == 0, downloaded.stderr
    assert downloaded.stdout == (
        "Fetching 1 jars…\n1 jars fetched; all jars of kafka, mongo are present, and their checksums match.\n"
    )
    assert (repository / JAR).read_bytes() == (default_maven_repo() / JAR).read_bytes()


def test_a_fetched_jar_with_a_wrong_checksum_is_deleted_and_the_others_are_kept(
    repository: Path, tmp_path: Path
) -> None:
    mirrored = tmp_path / "mirrored"
    for jar in (JAR, OTHER):
        (repository / jar).unlink()
        (mirrored / jar).parent.mkdir(parents=True)
        shutil.copy(default_maven_repo() / jar, mirrored / jar)
    _damage(mirrored / JAR)
    with _mirror(mirrored) as url:
        downloaded = postigo("download", env=_with_mirror(url, repository, tmp_path))

    assert downloaded.returncode == 1
    assert downloaded.stderr == (
        "postigo: slf4j-simple-1.7.36 has a wrong checksum and was deleted: run 'postigo download' again.\n"
    )
    assert not (repository / JAR).exists()
    assert (repository / OTHER).exists()
    assert list(repository.glob(".postigo-*")) == []


@needs_root
def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=8m") as disk:
        up = postigo("up", "--home", str(disk / "home"))

        assert up.returncode == 1
        assert up.stderr == f"postigo: The disk that holds {disk}/home is full: free some space and try again.\n"


@needs_root
@pytest.mark.parametrize("options", [(), ("--detach",)])
def test_a_read_only_folder(tmp_path: Path, options: tuple[str, ...]) -> None:
    with small_disk(tmp_path / "disk", "size=8m,ro") as disk:
        up = postigo("up", *options, "--home", str(disk / "home"))

        assert up.returncode == 1
        assert up.stderr == (
            f"postigo: {disk}/home cannot be written to: give this user the right to write there, "
            "or choose another folder with --home DIR.\n"
        )


@needs_root
async def test_a_disk_that_fills_up_while_the_stack_runs_prevents_neither_restarts_nor_the_stop(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=80m") as disk:
        async with empty_stack(disk) as stack:
            await start_program(stack, "one")
            fill(disk)
            await stack.kill("one")
            await stack.wait_ready("one")
            assert stack.restarts("one") == 1


async def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match="is in the way: a folder is needed there"):
        await empty_stack(tmp_path / "file").start()


def _damage(jar: Path) -> None:
    content = jar.read_bytes()
    jar.unlink()
    jar.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def _with_mirror(url: str, repository: Path, folder: Path) -> dict[str, str]:
    settings = folder / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = {url}\n", encoding="utf-8")
    return {"M2_REPO": str(repository), "JGO_CONFIG_FILE": str(settings), "NO_PROXY": "127.0.0.1"}


@contextmanager
def _mirror(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        return
