"""The cookie in which the portal keeps a session: browsers send no headers of ours with a page or an `EventSource`."""

from typing import Final

SESSION_COOKIE: Final = "__Host-postigo-session"
"""Its value is the token of the session. The prefix makes browsers accept it only from this host, over TLS, for all paths."""
