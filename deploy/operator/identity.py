"""Who runs an operation. It is checked, never typed.

On a server it is the operator's own account at the store, whose password the store has checked. On the stack of this machine
it is the user of the operating system.
"""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.grants import OPERATOR_PREFIX
from deploy.operator.errors import OperatorError

NEVER_LOGGED_IN: Final = 2**32 - 1
"""The kernel's login id of a process that no login started."""


@dataclass(frozen=True)
class Identity:
    """`identity`: how `user` was checked: `store-account` or `system-user`."""

    user: str
    identity: str


class IdentityRefused(OperatorError):
    """Nothing shows who runs the command, so nothing is done."""


def operator_of(store_user: str | None) -> Identity:
    """The operator with this account at the store. Raises IdentityRefused for other accounts: services share theirs."""
    name = store_user.removeprefix(OPERATOR_PREFIX) if store_user else ""
    if not name or name == store_user:
        raise IdentityRefused(
            "Nothing was done, because nothing shows who you are: use your own account of an operator in MONGO_URL "
            "(see 'postigo operators add --help')."
        )
    return Identity(name, "store-account")


def system_user(login_id: Path = Path("/proc/self/loginuid")) -> Identity:
    """The effective user of this process; after sudo or su also the user who logged in.

    The kernel keeps the id of the login. `SUDO_USER` does not count: it is a variable, which root can set to any name.
    """
    user, login = _name(os.geteuid()), _login(login_id)
    return Identity(user if login in {None, user} else f"{user} ({login} logged in)", "system-user")


def _login(login_id: Path) -> str | None:
    try:
        number = int(login_id.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if number == NEVER_LOGGED_IN else _name(number)


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
