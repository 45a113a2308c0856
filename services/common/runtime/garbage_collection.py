"""How often the interpreter looks for cycles; everything else is freed at once, without being looked for."""

import gc
from typing import Final

EVERY: Final = 50_000
"""Objects, made and not yet freed, after which cycles are looked for: more than a whole batch is made of."""


def freeze_and_collect_rarely() -> None:
    """What was imported stays: it is not looked through again and again, which took a third of a consumer's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(EVERY, 20, 20)
