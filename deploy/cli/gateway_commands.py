"""The operator's commands about accounts, banners, sessions and tokens, which the gateway owns, and their options."""

from typing import Annotated
from uuid import UUID

import typer

from deploy.cli.banner_commands import banner_app
from deploy.cli.operator_options import PANEL, HomeOption, JsonOption, ReasonOption, YesOption
from deploy.local.hints import DEFAULT_HOME

accounts_app = typer.Typer(help="The accounts of people and companies.", no_args_is_help=True)
departments_app = typer.Typer(help="The tokens with which departments list their cases.", no_args_is_help=True)
sessions_app = typer.Typer(help="The sessions of people who are signed in.", no_args_is_help=True)


def add_gateway_commands(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(accounts_app, name="accounts", rich_help_panel=PANEL)
    app.add_typer(banner_app, name="banner", rich_help_panel=PANEL)
    app.add_typer(departments_app, name="departments", rich_help_panel=PANEL)
    app.add_typer(sessions_app, name="sessions", rich_help_panel=PANEL)


@accounts_app.command("import")
def accounts_import(home: HomeOption = DEFAULT_HOME, reason: ReasonOption = None, yes: YesOption = False) -> None:
    """Create, replace or delete accounts from standard input, one a line of JSON.

    A line {"niss","password","name","email","language","kind","place","flags"} replaces the account of its NISS, or creates it.

    A line {"niss","deleted":true} deletes it. A new password and a deletion end its sessions within ten seconds.

    Prints {"niss","account_id"} for each. If a line is wrong, no account changes.

    All wrong lines are then listed, and the exit code is 2.
    """
    from deploy.cli import accounts as command
    from deploy.cli.invocation import Invocation

    command.run(Invocation(home, reason, do=yes))


@departments_app.command("token")
def departments_token(
    code: Annotated[str, typer.Option("--code", help="The code of the department.", show_default=False)],
    days: Annotated[int, typer.Option("--days", min=1, help="Days until it expires, at most two years.")] = 365,
    home: HomeOption = DEFAULT_HOME,
    reason: ReasonOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a token and print it once: the gateway stores its hash alone."""
    from deploy.cli import departments as command
    from deploy.cli.invocation import Invocation
    from services.common.contracts.limits import MAX_TOKEN_DAYS

    if days > MAX_TOKEN_DAYS:
        raise typer.BadParameter(f"a token is valid for at most {MAX_TOKEN_DAYS} days", param_hint="'--days'")
    command.make(Invocation(home, reason, do=yes, as_json=as_json), code, days)


@departments_app.command("tokens")
def departments_tokens(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """List all tokens by their ids, expired ones too, never the tokens themselves."""
    from deploy.cli import departments as command
    from deploy.cli.invocation import Invocation

    command.show(Invocation(home, as_json=as_json))


@departments_app.command("revoke")
def departments_revoke(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="As 'tokens' shows it.", show_default=False)],
    home: HomeOption = DEFAULT_HOME,
    reason: ReasonOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """End a token at once."""
    from deploy.cli import departments as command
    from deploy.cli.invocation import Invocation

    command.revoke(Invocation(home, reason, do=yes, as_json=as_json), identifier)


@sessions_app.command("end")
def sessions_end(
    home: HomeOption = DEFAULT_HOME,
    account_id: Annotated[
        UUID | None, typer.Option("--account-id", metavar="ID", help="The account.", show_default=False)
    ] = None,
    niss: Annotated[bool, typer.Option("--niss", help="Read the account's NISS from standard input instead.")] = False,
    reason: ReasonOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """End all sessions of an account, on every replica within ten seconds. The person must sign in again."""
    from deploy.cli import sessions as command
    from deploy.cli.invocation import Invocation

    command.run(Invocation(home, reason, do=yes, as_json=as_json), account_id, niss=niss)
