"""`postigo`, the command line."""

import logging
import sys

from deploy.cli.app import app
from deploy.cli.gateway_commands import add_gateway_commands
from deploy.cli.operator_commands import add_commands
from deploy.grants import GrantsError
from deploy.local.errors import StackError
from deploy.local.hints import remember
from deploy.operator.errors import OperatorError
from deploy.topics import TopicsError

add_commands(app)
add_gateway_commands(app)


def main() -> None:
    """Run a command. An error is printed as one sentence; the exit code is then 1."""
    # Without a handler Python prints what the drivers log, which repeats their exceptions.
    logging.getLogger().addHandler(logging.NullHandler())
    remember(sys.argv[0])
    try:
        app(prog_name="postigo")
    except (GrantsError, OperatorError, StackError, TopicsError) as error:
        print(f"postigo: {error}", file=sys.stderr)
        sys.exit(1)
