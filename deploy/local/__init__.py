"""The local stack: engines and Postigo processes on one machine, without Docker."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deploy.local.errors import StackError
    from deploy.local.program import Probe, State, Step
    from deploy.local.stack import LocalStack

__all__ = ["LocalStack", "Probe", "StackError", "State", "Step"]

MODULES = {"LocalStack": "stack", "StackError": "errors", "Probe": "program", "State": "program", "Step": "program"}


def __getattr__(name: str) -> Any:
    """Import on first use: the engines are in this package too, and an engine needs only few of the imports."""
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{MODULES[name]}"), name)
