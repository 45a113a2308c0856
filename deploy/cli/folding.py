"""Text in a table that never breaks a word, and a long code only after one of its signs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

_PIECES: Final = re.compile(r"[^-_.:/]*[-_.:/]+|[^-_.:/]+")
"""The parts of a code such as `schema:/assignment_id:uuid_parsing`."""


@dataclass(frozen=True)
class Foldable:
    """A cell with `text`, which must be printable. It is no markup."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text("\n".join(fold(self.text, options.max_width)))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest = max((cell_len(piece) for word in self.text.split() for piece in _PIECES.findall(word)), default=0)
        return Measurement(longest, cell_len(self.text)).clamp(max_width=options.max_width)


def fold(text: str, width: int) -> list[str]:
    """The lines of `text`, each at most `width` columns wide. Only a longer piece of a code is broken anywhere."""
    lines = [""]
    for part in _parts(text, width):
        if lines[-1] and cell_len(lines[-1] + part) > width:
            lines.append(part.lstrip())
        else:
            lines[-1] += part if lines[-1] else part.lstrip()
    return lines


def _parts(text: str, width: int) -> Iterator[str]:
    """Words with a blank before each; of a word that does not fit into one line, its pieces."""
    for word in text.split():
        pieces = [word] if cell_len(word) <= width else _PIECES.findall(word)
        small = [each for piece in pieces for each in chop_cells(piece, width)]
        yield f" {small[0]}"
        yield from small[1:]
