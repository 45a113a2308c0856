"""The two tiers of the local stack. The services are the same on both."""

from typing import Final, Literal

Tier = Literal["embedded", "real"]
"""`embedded`: engines from Python and Java packages. `real`: the engines of production. Both use the same variables."""

EMBEDDED: Final[Tier] = "embedded"
REAL: Final[Tier] = "real"
