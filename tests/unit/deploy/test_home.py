"""The folder of a stack: ports that stay, secrets that stay, logs that do not grow for ever."""

import re
import socket
from pathlib import Path

import pytest

from deploy.local import autopsy, ports
from deploy.local.errors import StackError
from deploy.local.home import LOG_LIMIT_BYTES, LOGS_KEPT, SECRET_NAMES, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.logs.mkdir()
    return home


def test_a_kept_port_that_somebody_else_took_is_replaced_and_the_others_stay(home: Home) -> None:
    first = home.ports(["one", "two"], {})
    with socket.socket() as somebody:
        somebody.bind((ports.HOST, first["one"]))
        somebody.listen()
        second = home.ports(["one", "two"], {})

    assert second["one"] != first["one"]
    assert second["two"] == first["two"]
    assert home.ports(["one", "two"], {}) == second


def test_ports_lie_below_those_that_linux_gives_to_outgoing_connections(home: Home) -> None:
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])

    assert all(port < first_outgoing for port in home.ports([str(n) for n in range(20)], {}).values())


def test_a_fixed_port_in_use_is_refused(home: Home) -> None:
    with socket.socket() as somebody:
        somebody.bind((ports.HOST, 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        with pytest.raises(StackError, match=f"^Port {port} is in use by another program"):
            home.ports(["gateway"], {"gateway": port})


def test_secrets_are_made_once_long_and_for_the_owner_only(home: Home) -> None:
    secrets = home.secrets()

    assert tuple(secrets) == SECRET_NAMES
    assert all(re.fullmatch(r"[0-9a-f]{64}", secret) for secret in secrets.values())
    assert len(set(secrets.values())) == len(SECRET_NAMES)
    assert Home(home.folder).secrets() == secrets
    assert (home.folder / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_never_replaced_silently(home: Home) -> None:
    (home.folder / "secrets.json").write_text("{", encoding="utf-8")
    with pytest.raises(StackError, match=r"secrets\.json is damaged"):
        home.secrets()


def test_a_log_over_its_limit_moves_aside_and_old_ones_fall_off(home: Home) -> None:
    for number in range(LOGS_KEPT + 2):
        log = home.rotated_log("intake")
        log.write_bytes(bytes([number]) * (LOG_LIMIT_BYTES + 1))

    assert sorted(file.name for file in home.logs.iterdir()) == [
        "intake.log",
        *(f"intake.log.{number}" for number in range(1, LOGS_KEPT + 1)),
    ]
    assert (home.logs / "intake.log.1").read_bytes()[0] == LOGS_KEPT


def test_nobody_owns_a_folder_that_no_stack_has_opened(home: Home) -> None:
    assert home.owner() is None


@pytest.mark.parametrize(
    ("logged", "said"),
    [
        ("java.io.IOException: No space left on device\n", "^The disk that holds .* is full: free some space"),
        ("OSError: [Errno 98] Address already in use\n", "^The port of kafka was taken by another program"),
        ("starting\nboom\n\n", r"^kafka ended with code 3 before it was ready \(boom\): see .*kafka\.log\.$"),
        ("", r"^kafka ended with code 3 before it was ready: see .*kafka\.log\.$"),
    ],
)
def test_the_end_of_a_program_is_read_from_its_log(home: Home, logged: str, said: str) -> None:
    earlier = "No space left on device, last week\n"
    home.log("kafka").write_text(earlier + logged, encoding="utf-8")

    told = autopsy.died_early("kafka", "ended with code 3", home, since=len(earlier))

    assert re.search(said, str(told))


def test_nobody_runs_where_no_folder_can_be(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("words", encoding="utf-8")
    assert Home(file).owner() is None
