"""Show a run while it goes on: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
import types

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipelines.records.description import PipelineDescription
from pipelines.records.node_result import NodeResult, NodeState

_PREPARING = "loading TFX, compiling the pipeline"

_STYLES = {
    NodeState.DONE: "green",
    NodeState.CACHED: "cyan",
    NodeState.DATA_REFUSED: "yellow",
    NodeState.MODEL_REFUSED: "yellow",
    NodeState.FAILED: "red",
    NodeState.SKIPPED: "dim",
}


def create_display(console: Console) -> LiveDisplay | PlainDisplay:
    """Choose the display that fits where the output goes."""
    return LiveDisplay(console) if console.is_terminal else PlainDisplay(console)


def describe_rows(result: NodeResult) -> str:
    """Tell a node's rows in a few words.

    Returns:
        Such as ``train 9,021  validation 1,489``; empty for a node without rows.
    """
    return "  ".join(f"{split} {rows:,}" for split, rows in result.rows.written.items())


class PlainDisplay:
    """One line an event, for pipes, logs and CI."""

    def __init__(self, console: Console) -> None:
        """Print to a console."""
        self._console = console
        self._begun = time.monotonic()

    def __enter__(self) -> PlainDisplay:
        """Say that the run is being prepared."""
        self._print(_PREPARING)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        """Nothing to put away."""

    def compiled(self, description: PipelineDescription) -> None:
        """Say how many nodes there are."""
        self._print(f"{len(description.nodes)} nodes")

    def started(self, node_id: str) -> None:
        """Say that a node has started."""
        self._print(f"{node_id} started")

    def ended(self, result: NodeResult) -> None:
        """Say how a node ended."""
        took = "" if result.state is NodeState.SKIPPED else f" in {result.seconds:.1f} s"
        rows = describe_rows(result)
        self._print(f"{result.id} {result.state.value}{took}{f': {rows}' if rows else ''}")

    def tick(self) -> None:
        """Nothing to show between events."""

    def _print(self, text: str) -> None:
        elapsed = time.monotonic() - self._begun
        line = Text(f"[{elapsed:6.1f} s] {text}")
        self._console.print(line, highlight=False, soft_wrap=True)


class LiveDisplay:
    """A table that fills in place."""

    def __init__(self, console: Console) -> None:
        """Draw on a terminal."""
        self._begun = time.monotonic()
        self._nodes: tuple[str, ...] = ()
        self._started: dict[str, float] = {}
        self._results: dict[str, NodeResult] = {}
        self._live = Live(console=console, refresh_per_second=8, get_renderable=self._draw)

    def __enter__(self) -> LiveDisplay:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        """Leave the last table on the screen."""
        self._live.stop()

    def compiled(self, description: PipelineDescription) -> None:
        """Draw a line for each node."""
        self._nodes = tuple(node.id for node in description.nodes)

    def started(self, node_id: str) -> None:
        """Let a node's clock run."""
        self._started[node_id] = time.monotonic()

    def ended(self, result: NodeResult) -> None:
        """Put a node's end into its line."""
        self._results[result.id] = result

    def tick(self) -> None:
        """The live table refreshes itself."""

    def _draw(self) -> Table | Text:
        elapsed = time.monotonic() - self._begun
        if not self._nodes:
            return Text(f"  {elapsed:5.0f} s  {_PREPARING}", style="dim")
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("node", min_width=20)
        table.add_column("state", min_width=13)
        table.add_column("seconds", justify="right")
        table.add_column("rows")
        for node_id in self._nodes:
            table.add_row(*self._draw_node(node_id))
        table.add_row(Text("elapsed", style="dim"), "", Text(f"{elapsed:.0f}", style="dim"), "")
        return table

    def _draw_node(self, node_id: str) -> tuple[Text, Text, Text, Text]:
        name = Text(node_id)
        result = self._results.get(node_id)
        if result is not None:
            seconds = "" if result.state is NodeState.SKIPPED else f"{result.seconds:.1f}"
            state = Text(result.state.value, style=_STYLES[result.state])
            return name, state, Text(seconds), Text(describe_rows(result), style="dim")
        if node_id in self._started:
            running = time.monotonic() - self._started[node_id]
            return name, Text("running", style="bold blue"), Text(f"{running:.0f}"), Text("")
        return Text(node_id, style="dim"), Text("waiting", style="dim"), Text(""), Text("")
