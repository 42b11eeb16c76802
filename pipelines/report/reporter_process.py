"""The process behind ``reporter``: gets ready, draws ahead, writes page and reply.

It ends when its standard input does.
"""

from __future__ import annotations

import contextlib
import signal
import sys

from pipelines.report.page import prepare_pages
from pipelines.report.publication import conclude, draw_data_ahead
from pipelines.report.reporter_protocol import REQUEST, DrawRequest, ReportReply


def main() -> None:
    """Do what standard input asks for, up to the page."""
    # Ctrl-C is for the run, which tells how it ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What fails here fails again when the page is written, and is told then.
    with contextlib.suppress(Exception):
        prepare_pages()
    for line in sys.stdin.buffer:
        request = REQUEST.validate_json(line)
        if isinstance(request, DrawRequest):
            with contextlib.suppress(Exception):
                draw_data_ahead(request.layout, request.run_id)
            continue
        summary, problem = conclude(request.layout, request.summary)
        reply = ReportReply(summary=summary, problem=problem)
        sys.stdout.buffer.write(reply.model_dump_json().encode())
        return


if __name__ == "__main__":
    main()
