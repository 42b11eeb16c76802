"""Show the progress of a run: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipelines.cli.screen import add_row, create_table, render_state
from pipelines.records.description import PipelineDescription
from pipelines.records.node_result import NodeResult, NodeState
from pipelines.runner.display import RunDisplay

_PREPARING = "loading TFX, compiling the pipeline"


def create_display(console: Console) -> LiveDisplay | PlainDisplay:
    """Choose the display that fits where the output goes."""
    return LiveDisplay(console) if console.is_terminal else PlainDisplay(console)


def _describe_rows(result: NodeResult) -> str:
    """Describe a node's rows: ``train 9,021  validation 1,489``; empty for one without rows."""
    return "  ".join(f"{split} {rows:,}" for split, rows in result.rows.written.items())


class PlainDisplay(RunDisplay):
    """One line per event, for pipes, logs and CI."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> PlainDisplay:
        self._begun = time.monotonic()
        self._print(_PREPARING)
        return self

    def compiled(self, description: PipelineDescription) -> None:
        """Print how many nodes there are."""
        self._print(f"{len(description.nodes)} nodes")

    def started(self, node_id: str) -> None:
        """Print that a node has started."""
        self._print(f"{node_id} started")

    def ended(self, result: NodeResult) -> None:
        """Print how a node ended."""
        took = "" if result.state is NodeState.SKIPPED else f" in {result.seconds:.1f} s"
        rows = _describe_rows(result)
        self._print(f"{result.id} {result.state.value}{took}{f': {rows}' if rows else ''}")

    def _print(self, text: str) -> None:
        elapsed = time.monotonic() - self._begun
        line = Text(f"[{elapsed:6.1f} s] {text}")
        self._console.print(line, highlight=False, soft_wrap=True)


class LiveDisplay(RunDisplay):
    """A table that fills in place; it refreshes itself."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._nodes: tuple[str, ...] = ()
        self._started: dict[str, float] = {}
        self._results: dict[str, NodeResult] = {}

    def __enter__(self) -> LiveDisplay:
        self._begun = time.monotonic()
        self._live = Live(console=self._console, refresh_per_second=8, get_renderable=self._draw)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the last table on the screen."""
        self._live.stop()

    def compiled(self, description: PipelineDescription) -> None:
        """Draw one line per node."""
        self._nodes = tuple(node.id for node in description.nodes)

    def started(self, node_id: str) -> None:
        """Start a node's clock."""
        self._started[node_id] = time.monotonic()

    def ended(self, result: NodeResult) -> None:
        """Put a node's end into its line."""
        self._results[result.id] = result

    def _draw(self) -> Table | Text:
        elapsed = time.monotonic() - self._begun
        if not self._nodes:
            return Text(f"  {elapsed:5.0f} s  {_PREPARING}", style="dim")
        table = create_table("node", "state", "seconds", "rows", right=("seconds",))
        table.columns[0].min_width, table.columns[1].min_width = 20, 13
        for node_id in self._nodes:
            self._add_node(table, node_id)
        add_row(table, "elapsed", "", f"{elapsed:.0f}", style="dim")
        return table

    def _add_node(self, table: Table, node_id: str) -> None:
        result = self._results.get(node_id)
        if result is not None:
            seconds = "" if result.state is NodeState.SKIPPED else f"{result.seconds:.1f}"
            rows = Text(_describe_rows(result), style="dim")
            add_row(table, node_id, render_state(result.state), seconds, rows)
        elif node_id in self._started:
            running = time.monotonic() - self._started[node_id]
            add_row(table, node_id, Text("running", style="bold blue"), f"{running:.0f}")
        else:
            add_row(table, node_id, "waiting", style="dim")
