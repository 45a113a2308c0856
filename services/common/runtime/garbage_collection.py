"""Settings of the cyclic garbage collector. Objects outside reference cycles are freed by their reference counts."""

import gc
from typing import Final

COLLECT_AFTER: Final = 50_000
"""Net new objects after which the collector runs: more than a whole batch creates."""


def freeze_and_collect_rarely() -> None:
    """Exclude all objects imported so far from collection: scanning them again and again took a third of a consumer's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)
