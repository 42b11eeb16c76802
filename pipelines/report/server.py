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
        """Give a file of the folder; one that a link leads out of it has no path at all."""
        place = Path(super().translate_path(path))
        is_inside = place.resolve().is_relative_to(Path(self.directory).resolve())
        # The slash at the end tells a folder from a file.
        return super().translate_path(path) if is_inside else ""

    def list_directory(self, path: str | object) -> io.BytesIO | None:
        """Refuse to list a folder that has no page."""
        self.send_error(HTTPStatus.NOT_FOUND, "no page here")
        return None

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Answer only those who ask for this server by a name of its own.

        A page elsewhere can make a browser ask for its own name at this address (DNS rebinding).
        """
        server = self.server
        assert isinstance(server, ReportServer)
        if not server.is_own_name(self.headers.get("Host", "")):
            self.send_error(HTTPStatus.FORBIDDEN, "not the name of this server")
            return None
        return super().send_head()

    def end_headers(self) -> None:
        """Let nobody keep a page that the next run writes anew, nor guess at its type."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""


class ReportServer(http.server.ThreadingHTTPServer):
    """Serves a folder of pages."""

    daemon_threads = True

    def __init__(self, directory: Path, host: str = LOOPBACK, port: int = 0) -> None:
        """Bind, and serve nothing yet.

        Args:
            port: Port; 0 for any that is free.

        Raises:
            OSError: If the address can't be had.
        """
        self._host = host
        super().__init__((host, port), functools.partial(ReportHandler, directory=str(directory)))

    @property
    def url(self) -> str:
        """Where a browser finds the page of all runs."""
        return f"http://{self._host}:{self.server_port}/"

    def is_own_name(self, host: str) -> bool:
        """Say whether a request's ``Host`` names this server.

        Args:
            host: Name or address, with or without a port.

        Returns:
            True for its own address; at a loopback address for ``localhost`` too; always where
            it listens at an address that others reach it by, under names that it can't know.
        """
        if not _is_loopback(self._host):
            return True
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        return name in {self._host, *_LOOPBACK_NAMES}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
