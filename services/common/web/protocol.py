"""HTTP/1.1 on the wire: what the parser refuses never becomes a request, and is answered with a problem all the same."""

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from services.common.web.edge import unreadable


class Http(HttpToolsProtocol):
    """uvicorn's protocol, which by itself answers such bytes in plain text, and a request cut short not at all."""

    def send_400_response(self, msg: str) -> None:
        """Answer that the bytes cannot be read, unless that would be taken for the answer to a whole request."""
        if self._owed():
            self.cycle.keep_alive = False
            return
        response = unreadable(self.headers or [])
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
        if self.cycle is None or self.cycle.scope is not self.scope:
            return self.scope is not None
        return self.cycle.more_body and not self.cycle.response_complete
