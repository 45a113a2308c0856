"""The embedded stack: real engines and the Postigo processes on one machine, from Python and Maven artefacts alone."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deploy.local.errors import StackError
    from deploy.local.program import Probe, State, Step
    from deploy.local.stack import LocalStack

__all__ = ["LocalStack", "Probe", "StackError", "State", "Step"]

HOMES = {"LocalStack": "stack", "StackError": "errors", "Probe": "program", "State": "program", "Step": "program"}


def __getattr__(name: str) -> Any:
    """Import on first use: the engines live in this package too, and none of them needs the drivers of all others."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
