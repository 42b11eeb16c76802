"""What a run asks of its reporter, and what comes back: one JSON object a line."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from pipelines.layout import OutputLayout
from pipelines.run_summary import RunSummary

_STRICT = pydantic.ConfigDict(frozen=True, extra="forbid")


class DrawRequest(pydantic.BaseModel):
    """Whose data is drawn ahead; there is no reply.

    Attributes:
        kind: Which request this is.
        layout: Where the run is kept.
        run_id: The run.
    """

    model_config = _STRICT

    kind: Literal["draw"] = "draw"
    layout: OutputLayout
    run_id: str


class ReportRequest(pydantic.BaseModel):
    """Whose page is written.

    Attributes:
        kind: Which request this is.
        layout: Where the run is kept.
        summary: How it ended.
    """

    model_config = _STRICT

    kind: Literal["report"] = "report"
    layout: OutputLayout
    summary: RunSummary


REQUEST: pydantic.TypeAdapter[DrawRequest | ReportRequest] = pydantic.TypeAdapter(
    Annotated[DrawRequest | ReportRequest, pydantic.Field(discriminator="kind")]
)
"""What the process reads, one a line; the last one is for the page."""


class ReportReply(pydantic.BaseModel):
    """What became of it; as ``publication.conclude`` returns it.

    Attributes:
        summary: The summary, with the page's path if there is one.
        problem: Why there is no page; None where there is one.
    """

    model_config = _STRICT

    summary: RunSummary
    problem: str | None
