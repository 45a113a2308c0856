"""`postigo departments`: make, list and revoke the tokens with which departments list their cases."""

import sys
from typing import Any

from deploy.cli.invocation import Invocation
from deploy.cli.printing import console, print_json, table
from deploy.local.hints import typed
from deploy.operator.department_tokens import find_token, list_tokens, make_token, revoke_token
from deploy.operator.departments import require_department
from deploy.operator.session import OperatorSession
from services.common.contracts.internal import DepartmentTokenInfo


def make(invocation: Invocation, code: str, days: int) -> None:
    """Print a new token. It cannot be shown again."""
    require_department(code)
    if not invocation.do:
        sentence = f"A token of {code} would be made. It would be valid for {days} days."
        _print_dry_run(invocation, sentence, department=code, days=days)
        return
    invocation.require_reason("A token opens the cases of a department")
    token, stored = invocation.with_session(lambda session: _make(session, invocation, code, days))
    if invocation.as_json:
        print_json(_row(stored) | {"token": token, "done": True})
        return
    print(token)
    print(
        f"Token {stored.id} of {code} expires on {stored.expires_at:%Y-%m-%d}. It is not shown again.", file=sys.stderr
    )


async def _make(
    session: OperatorSession, invocation: Invocation, code: str, days: int
) -> tuple[str, DepartmentTokenInfo]:
    return await make_token(session, await invocation.actor(session), code, days)


def show(invocation: Invocation) -> None:
    tokens = invocation.with_session(list_tokens)
    if invocation.as_json:
        print_json({"tokens": [_row(each) for each in tokens]})
        return
    screen = console()
    if not tokens:
        screen.print(f"No department has a token: make one with '{typed('departments', 'token', '--help')}'.")
        return
    rendered = table("id", "department", "created", "expires", "state")
    for each in tokens:
        days = f"{each.created_at:%Y-%m-%d}", f"{each.expires_at:%Y-%m-%d}"
        rendered.add_row(each.id, each.department, *days, "valid" if each.valid else "expired")
    screen.print(rendered)


def revoke(invocation: Invocation, identifier: str) -> None:
    if invocation.do:
        invocation.require_reason("A token opens the cases of a department")
    token = invocation.with_session(lambda session: _revoke(session, invocation, identifier))
    if not invocation.do:
        _print_dry_run(invocation, f"Token {token.id} of {token.department} would be revoked.", **_row(token))
    elif invocation.as_json:
        print_json(_row(token) | {"valid": False, "done": True})
    else:
        console().print(f"Token {token.id} of {token.department} is revoked.")


async def _revoke(session: OperatorSession, invocation: Invocation, identifier: str) -> DepartmentTokenInfo:
    token = await find_token(session, identifier)
    if invocation.do:
        await revoke_token(session, await invocation.actor(session), token)
    return token


def _print_dry_run(invocation: Invocation, sentence: str, **about: Any) -> None:
    if invocation.as_json:
        print_json({**about, "done": False})
        return
    console().print(f"{sentence}\n\n{invocation.dry_run}")


def _row(token: DepartmentTokenInfo) -> dict[str, Any]:
    return token.model_dump(mode="json")
