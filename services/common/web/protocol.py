"""HTTP/1.1 on the wire: what the parser refuses never becomes a request, and is answered with a problem all the same.

Nobody keeps a connection by saying little, slowly, or much that is nothing: a head has a size, a number of headers and a
time, and what stands between and behind the pieces of a body has the size of a head.
"""

import asyncio
from collections import deque
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from services.common.web import kinds
from services.common.web.bodies import ARRIVED
from services.common.web.edge import unreadable
from services.common.web.kinds import Kind
from services.common.web.leaving import LEAVING

MAX_HEAD: Final = 32 * 1024
"""Bytes of a request line and its headers."""

MAX_HEADERS: Final = 100

HEAD_WITHIN: Final = 10.0
"""Seconds in which a head must have come, and what is still sent of a body that was answered already."""

SURPLUS: Final = 1.25
"""Above its limit a process still answers so many times the connections, to say that it is busy; beyond, it hangs up."""


_NOWHERE: Final[Any] = deque(maxlen=0)
"""Takes whatever is appended, and keeps nothing."""


class Http(HttpToolsProtocol):
    """uvicorn's protocol, which by itself answers such bytes in plain text, a request cut short not at all, and reads
    heads without end.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # uvicorn's own answer has no `Retry-After`, and its probes are refused like everybody else.
        self._most, self.limit_concurrency = self.limit_concurrency, None
        self._crowded = False
        # Bytes read since a request began, or since its body last grew.
        self._overhead = 0
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._most is not None and len(self.connections) > self._most:
            self._crowded = True
            if len(self.connections) > self._most * SURPLUS:
                transport.abort()
                return
        self._wait_for_sender()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._overhead += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._overhead > MAX_HEAD and (self._in_head() or self._in_body()):
            self._refuse(kinds.HEAD_TOO_LARGE)
        elif not self._sender_is_late():
            self._stop_waiting()
        elif self._patience is None:
            self._wait_for_sender()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # What came with it in the same read may belong to the request before.
        self._overhead = 0

    def on_body(self, body: bytes) -> None:
        self._overhead = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        app, refused = self.app, self._refusal()
        if refused is not None:
            self.app = unreadable(self.headers, refused)
        super().on_headers_complete()
        self.app = app
        # What comes behind the body must not pass for a header (RFC 9110, section 6.5.1), and is not kept.
        self.headers = _NOWHERE
        if LEAVING in self.app_state:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        super().on_message_complete()
        scope: Any = self.cycle.scope
        scope[ARRIVED] = True

    def _refusal(self) -> Kind | None:
        """Why a head that came whole is not even looked at."""
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if len(self.headers) > MAX_HEADERS or size > MAX_HEAD:
            return kinds.HEAD_TOO_LARGE
        # Whoever asks whether we live must not be told that we are busy.
        return kinds.BUSY if self._crowded and not self.url.startswith(b"/health/") else None

    def _wait_for_sender(self) -> None:
        self._patience = self.loop.call_later(HEAD_WITHIN, self._lose_patience)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        self._patience = None
        if self._in_head():
            self._refuse(kinds.TOO_SLOW)
        else:
            self.transport.close()

    def _in_head(self) -> bool:
        """A request has begun, and its head is not complete: it has no cycle yet."""
        return self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope)

    def _in_body(self) -> bool:
        """The last head came whole, and what follows it has not ended, as far as anybody still looks."""
        return self.cycle is not None and self.cycle.more_body and not self._in_head()

    def _answered(self) -> bool:
        """The answer is out, and the body is still coming."""
        return self._in_body() and self.cycle.response_complete

    def _sender_is_late(self) -> bool:
        """Nothing but more bytes can end what is under way here."""
        return self._in_head() or self._answered()

    def send_400_response(self, msg: str) -> None:
        self._refuse(kinds.BAD_REQUEST)

    def _refuse(self, kind: Kind) -> None:
        """Answer that no request came of the bytes, unless that would be taken for the answer to a whole one."""
        if self._owed():
            self.cycle.keep_alive = False
            self.transport.pause_reading()
            return
        if self._answered():
            self.transport.close()
            return
        response = unreadable(list(self.scope["headers"]) if self.scope else [], kind)
        headers = [*self.server_state.default_headers, *response.raw_headers]
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        self.transport.write(b"".join([STATUS_LINE[response.status_code], *lines, b"\r\n", response.body]))
        self.transport.close()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """The sender says nothing more, but may still be listening: True keeps our half open for the answer."""
        if self._cut_short():
            self.send_400_response("")
        elif self._owed():
            self.cycle.keep_alive = False
            return True
        return None

    def _unsupported_upgrade_warning(self) -> None:
        """Anybody may ask for an upgrade, and is answered as if they had not; uvicorn's advice would only mislead.

        The parser has dropped what it had not read of the request: whatever else arrives here is no request of its own.
        """
        self.cycle.keep_alive = False
        self.transport.pause_reading()

    def _owed(self) -> bool:
        """A request that arrived whole, and may have been filed, still waits for its own answer."""
        if self.cycle is None or self.cycle.response_complete:
            return False
        return bool(self.pipeline) or not self.cycle.more_body or self.cycle.response_started

    def _cut_short(self) -> bool:
        """The last request began and did not end: in its head, which has no cycle yet, or in its body."""
        return self._in_head() or (self._in_body() and not self.cycle.response_complete)
