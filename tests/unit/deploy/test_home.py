"""The folder of a stack: stable ports, stable secrets, logs of limited size."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import ports, start_failure
from deploy.local.errors import StackError
from deploy.local.home import LOG_LIMIT_BYTES, LOGS_KEPT, SECRET_NAMES, Home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    home.logs.mkdir()
    yield home
    home.close()


def test_a_kept_port_that_another_program_uses_is_replaced_and_the_others_stay(home: Home) -> None:
    first = home.ports(["one", "two"], {})
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((ports.HOST, first["one"]))
        other.listen()
        second = home.ports(["one", "two"], {})

    assert second["one"] != first["one"]
    assert second["two"] == first["two"]
    assert home.ports(["one", "two"], {}) == second


def test_no_other_stack_gets_a_port_that_is_reserved_until_it_is_released(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while no server listens there yet."""
    port = home.ports(["one"], {})["one"]
    other = Home(tmp_path / "other")
    other.folder.mkdir()
    monkeypatch.setattr(ports, "RANGE", range(port, port + 1))

    with pytest.raises(StackError, match="in use"):
        other.ports(["one"], {})
    with socket.create_server((ports.HOST, port)):
        assert not ports.is_free(port)
    home.close()
    assert other.ports(["one"], {})["one"] == port
    other.close()


def test_ports_are_below_the_range_of_outgoing_connections(home: Home) -> None:
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])

    assert all(port < first_outgoing for port in home.ports([str(n) for n in range(20)], {}).values())


def test_a_fixed_port_in_use_is_rejected(home: Home) -> None:
    with socket.socket() as other:
        other.bind((ports.HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StackError, match=f"^Port {port} is in use by another program"):
            home.ports(["gateway"], {"gateway": port})


def test_secrets_are_created_once_and_readable_by_the_owner_only(home: Home) -> None:
    secrets = home.secrets()

    assert tuple(secrets) == SECRET_NAMES
    assert all(re.fullmatch(r"[0-9a-f]{64}", secret) for secret in secrets.values())
    assert len(set(secrets.values())) == len(SECRET_NAMES)
    assert Home(home.folder).secrets() == secrets
    assert (home.folder / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_an_error_and_is_not_replaced(home: Home) -> None:
    (home.folder / "secrets.json").write_text("{", encoding="utf-8")
    with pytest.raises(StackError, match=r"secrets\.json is damaged"):
        home.secrets()


def test_a_log_over_its_limit_is_rotated_and_the_oldest_is_deleted(home: Home) -> None:
    for number in range(LOGS_KEPT + 2):
        log = home.rotated_log("intake")
        log.write_bytes(bytes([number]) * (LOG_LIMIT_BYTES + 1))

    assert sorted(file.name for file in home.logs.iterdir()) == [
        "intake.log",
        *(f"intake.log.{number}" for number in range(1, LOGS_KEPT + 1)),
    ]
    assert (home.logs / "intake.log.1").read_bytes()[0] == LOGS_KEPT


def test_a_folder_that_no_stack_has_opened_has_no_owner(home: Home) -> None:
    assert home.owner() is None


@pytest.mark.parametrize(
    ("logged", "expected"),
    [
        ("java.io.IOException: No space left on device\n", "^The disk that holds .* is full: free some space"),
        ("OSError: [Errno 98] Address already in use\n", "^The port of kafka is in use by another program"),
        ("starting\nboom\n\n", r"^kafka ended with code 3 before it was ready \(boom\): see .*kafka\.log\.$"),
        ("", r"^kafka ended with code 3 before it was ready: see .*kafka\.log\.$"),
    ],
)
def test_the_cause_of_a_failed_start_is_read_from_the_log(home: Home, logged: str, expected: str) -> None:
    earlier = "No space left on device, last week\n"
    home.log("kafka").write_text(earlier + logged, encoding="utf-8")

    error = start_failure.died_early("kafka", "ended with code 3", home, since=len(earlier))

    assert re.search(expected, str(error))


def test_a_path_that_is_a_file_has_no_owner(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("words", encoding="utf-8")
    assert Home(file).owner() is None
