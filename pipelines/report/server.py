"""Serve the pages on this machine: plain files, read-only, of one folder."""

from __future__ import annotations

import functools
import http.server
import io
import ipaddress
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
_LOOPBACK_NAMES = {"localhost", LOOPBACK, "::1"}


class ReportHandler(http.server.SimpleHTTPRequestHandler):
    """Answers GET and HEAD with files of the folder: no listings, nothing outside of it."""

    def translate_path(self, path: str) -> str:
        """Give a file of the folder; none for a link that leads out of it."""
        # As text: the slash at the end tells a folder from a file.
        place = super().translate_path(path)
        is_inside = Path(place).resolve().is_relative_to(Path(self.directory).resolve())
        return place if is_inside else ""

    def list_directory(self, path: str | object) -> io.BytesIO | None:
        """Refuse to list a folder that has no page."""
        self.send_error(HTTPStatus.NOT_FOUND, "no page here")
        return None

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Answer only requests for this server by a name of its own.

        A page elsewhere can make a browser ask for its own name at this address (DNS rebinding).
        """
        assert isinstance(self.server, ReportServer)
        if not self.server.is_own_name(self.headers.get("Host", "")):
            self.send_error(HTTPStatus.FORBIDDEN, "not the name of this server")
            return None
        return super().send_head()

    def end_headers(self) -> None:
        """Forbid caching, since the next run rewrites pages, and guessing of types."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Log no requests."""


class ReportServer(http.server.ThreadingHTTPServer):
    """Serves a folder of pages."""

    daemon_threads = True

    def __init__(self, directory: Path, host: str = LOOPBACK, port: int = 0) -> None:
        """Bind to an address, and serve nothing yet; port 0 is any that is free.

        Raises:
            OSError: If the address can't be bound.
        """
        self._host = host
        super().__init__((host, port), functools.partial(ReportHandler, directory=str(directory)))

    @property
    def url(self) -> str:
        """Where a browser finds the page of all runs."""
        return f"http://{self._host}:{self.server_port}/"

    def is_own_name(self, host: str) -> bool:
        """Tell whether a request's ``Host``, with or without a port, names this server.

        At a loopback address, so does every loopback name; at another, any name does, since others
        may know the server by names that it does not know.
        """
        if not _is_loopback(self._host):
            return True
        try:
            return urlsplit(f"//{host}").hostname in {self._host, *_LOOPBACK_NAMES}
        except ValueError:
            return False


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
