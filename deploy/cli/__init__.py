"""`postigo`, the command line."""

import logging
import sys

from deploy.cli.app import app
from deploy.cli.operate import install
from deploy.local.errors import StackError
from deploy.local.hints import remember
from deploy.operator.errors import OperatorError
from deploy.topics import TopicsError

install(app)


def main() -> None:
    """Run a command; what it cannot do is said in one sentence, with exit code 1."""
    # The drivers log what their exceptions say again.
    logging.getLogger().addHandler(logging.NullHandler())
    remember(sys.argv[0])
    try:
        app(prog_name="postigo")
    except (OperatorError, StackError, TopicsError) as error:
        print(f"postigo: {error}", file=sys.stderr)
        sys.exit(1)
