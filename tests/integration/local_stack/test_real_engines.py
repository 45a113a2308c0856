"""The real engines: built once outside the repository, and stopped with their supervisor."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from deploy.local import cache
from deploy.local.guard import is_running
from tests.integration.local_stack.harness import family, needs_root, postigo
from tests.support.stacks import only_real, own
from tests.support.waiting import eventually


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with all pieces, except that PostgreSQL's cluster is incomplete."""
    folder = tmp_path / "engines"
    folder.mkdir()
    for name in cache.recipes():
        if name != cache.CLUSTER:
            (folder / name).symlink_to(cache.piece(name))
            shutil.copy(cache.folder() / f"{name}.stamp", folder)
    (folder / f"{cache.CLUSTER}.partial").mkdir()
    (folder / f"{cache.CLUSTER}.partial" / "half").touch()
    return folder


@only_real
def test_complete_pieces_are_kept_and_incomplete_ones_are_built_again(folder: Path) -> None:
    first, second = (postigo("engines", "install", env={"POSTIGO_ENGINES": str(folder)}) for _ in range(2))

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert [line.split()[0] for line in first.stdout.splitlines() if " ready after " in line] == [cache.CLUSTER]
    assert (folder / cache.CLUSTER / "PG_VERSION").exists()
    assert not (folder / f"{cache.CLUSTER}.partial").exists()
    assert second.stdout == f"The real engines are in {folder}.\n"


@only_real
def test_a_piece_of_another_recipe_is_built_again(folder: Path) -> None:
    (folder / cache.CLUSTER).mkdir()
    (folder / f"{cache.CLUSTER}.stamp").write_text("an older recipe", encoding="ascii")

    result = postigo("engines", "install", env={"POSTIGO_ENGINES": str(folder)})

    assert result.returncode == 0, result.stderr
    assert (folder / cache.CLUSTER / "PG_VERSION").exists()


@needs_root
def test_missing_engines_are_an_error_of_one_sentence(tmp_path: Path) -> None:
    up = postigo(
        "up", "--tier", "real", "--home", str(tmp_path / "home"), env={"POSTIGO_ENGINES": str(tmp_path / "none")}
    )

    assert up.returncode == 1
    assert up.stderr == (
        "postigo: The real engines are not on this machine yet (debian, cluster, ferretdb, minio): "
        "run 'postigo engines install'.\n"
    )


@needs_root
def test_missing_debootstrap_is_an_error_of_one_sentence(tmp_path: Path) -> None:
    install = postigo("engines", "install", env={"POSTIGO_ENGINES": str(tmp_path / "engines"), "PATH": str(tmp_path)})

    assert install.returncode == 1
    assert install.stderr == (
        "postigo: debootstrap is missing: install it (on Debian and Ubuntu: apt install debootstrap).\n"
    )


@needs_root
def test_remove_deletes_everything_and_prints_the_size(tmp_path: Path) -> None:
    (tmp_path / "engines" / "minio").mkdir(parents=True)
    (tmp_path / "engines" / "minio" / "minio").write_bytes(os.urandom(3_000_000))

    removed = postigo("engines", "remove", env={"POSTIGO_ENGINES": str(tmp_path / "engines")})

    assert removed.stdout == f"3 MB removed from {tmp_path}/engines.\n"
    assert not (tmp_path / "engines").exists()


@only_real
async def test_sigkill_of_the_supervisor_leaves_no_engine_behind(tmp_path: Path) -> None:
    up = postigo("up", "--detach", "--only-engines", "--tier", "real", "--home", str(tmp_path))
    assert up.returncode == 0, up.stderr
    supervisor = json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))["supervisor"]
    processes = family(supervisor)
    os.kill(supervisor, 9)

    async def all_gone() -> bool:
        return not any(is_running(pid) for pid in processes)

    await eventually(all_gone, within=10)


@only_real
async def test_the_children_of_a_killed_postgresql_end_even_when_they_are_stopped(tmp_path: Path) -> None:
    async with own(tmp_path, ("mongo",)) as stack:
        server = stack.pid("postgres")
        assert server is not None
        processes = family(server)
        for child in processes - {server}:
            os.kill(child, signal.SIGSTOP)
        await stack.kill("postgres")

        async def all_gone() -> bool:
            return not any(is_running(pid) for pid in processes)

        await eventually(all_gone, within=10)
        await stack.wait_ready("postgres")


@only_real
async def test_engines_run_passes_the_urls_to_a_command_and_returns_its_exit_code() -> None:
    script = 'test -n "$KAFKA_URL$S3_SECRET_KEY" && echo "at $MONGO_URL" && exit 7'
    given = dict.fromkeys(("KAFKA_URL", "S3_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY"), "named")

    ran = postigo("engines", "run", "--", "sh", "-c", script, env={**given, "MONGO_URL": "mongodb://named"})

    assert (ran.returncode, ran.stderr) == (7, "")
    assert ran.stdout.endswith("\nat mongodb://named\n")
