"""The two tiers of the local stack. Services never know which one is under them."""

from typing import Final, Literal

Tier = Literal["embedded", "real"]
"""Which engines stand behind the same names and variables: those that packages bring, or those of production."""

EMBEDDED: Final[Tier] = "embedded"
REAL: Final[Tier] = "real"
