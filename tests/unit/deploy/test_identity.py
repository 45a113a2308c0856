"""The identity of an operator comes from the operating system or from the store, never from what somebody typed."""

import os
import pwd
from pathlib import Path

import pytest

from deploy.operator.identity import Identity, IdentityRefused, operator_of, system_user

PROCESS_USER = pwd.getpwuid(os.geteuid()).pw_name


@pytest.mark.parametrize("name", ["ana", "rui.costa", "0", "operator-ana"])
def test_an_account_of_an_operator_gives_its_name(name: str) -> None:
    assert operator_of(f"operator-{name}") == Identity(name, "store-account")


@pytest.mark.parametrize(
    "account", [None, "", "intake", "postigo", "root", "ana", "Operator-ana", "operator-", "my-operator-ana"]
)
def test_no_account_and_the_account_of_a_service_are_refused(account: str | None) -> None:
    with pytest.raises(IdentityRefused, match="nothing shows who you are"):
        operator_of(account)


@pytest.mark.parametrize("variable", ["SUDO_USER", "USER", "LOGNAME", "USERNAME"])
def test_variables_of_the_environment_do_not_count(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = system_user()
    monkeypatch.setenv(variable, "somebody-else")
    assert system_user() == before


@pytest.mark.parametrize("content", ["4294967295", "", "nonsense", "-1x"])
def test_without_a_login_it_is_the_user_of_the_process(content: str, tmp_path: Path) -> None:
    (tmp_path / "loginuid").write_text(content, encoding="ascii")
    assert system_user(tmp_path / "loginuid") == Identity(PROCESS_USER, "system-user")
    assert system_user(tmp_path / "none") == Identity(PROCESS_USER, "system-user")


@pytest.mark.parametrize(("number", "name"), [(1, "daemon"), (65534, "nobody"), (3_999_999_999, "3999999999")])
def test_after_sudo_the_user_who_logged_in_is_named_too(number: int, name: str, tmp_path: Path) -> None:
    (tmp_path / "loginuid").write_text(str(number), encoding="ascii")
    assert system_user(tmp_path / "loginuid").user == f"{PROCESS_USER} ({name} logged in)"


def test_a_login_of_the_same_user_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "loginuid").write_text(str(os.geteuid()), encoding="ascii")
    assert system_user(tmp_path / "loginuid") == Identity(PROCESS_USER, "system-user")
