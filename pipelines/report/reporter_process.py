"""The process behind ``reporter``: gets ready, reads a request as a line, writes page and reply.

It ends when its standard input does.
"""

from __future__ import annotations

import contextlib
import signal
import sys

from pipelines.report.page import prepare_pages
from pipelines.report.publication import conclude
from pipelines.report.reporter import ReportReply, ReportRequest


def main() -> None:
    """Answer the one request on standard input."""
    # Ctrl-C is for the run, which tells how it ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What fails here fails again when the page is written, and is told then.
    with contextlib.suppress(Exception):
        prepare_pages()
    line = sys.stdin.buffer.readline()
    if line:
        request = ReportRequest.model_validate_json(line)
        summary, problem = conclude(request.layout, request.summary)
        reply = ReportReply(summary=summary, problem=problem)
        sys.stdout.buffer.write(reply.model_dump_json().encode())


if __name__ == "__main__":
    main()
