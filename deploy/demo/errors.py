"""What keeps the demonstration from going on."""

from deploy.local.errors import StackError


class DemoError(StackError):
    """The text is one sentence for a person."""
