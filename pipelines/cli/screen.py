"""What the commands' screens have in common: width, tables, styles, and where JSON goes."""

from __future__ import annotations

import enum
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

import click
import pydantic
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_PLAIN_WIDTH = 110
_STANDARD_OUTPUT = Path("-")
_STYLES = {
    "done": "green",
    "pushed": "green",
    "cached": "cyan",
    "partial": "cyan",
    "data refused": "yellow",
    "model refused": "yellow",
    "failed": "red",
}


class Screen:
    """Where a command prints for people: not where its JSON goes.

    ``-`` stands for standard output. The width is fixed where there is no terminal.
    """

    def __init__(self, json_path: Path | None = None) -> None:
        self._json_path = json_path
        self.console = Console(stderr=self.gives_json_to_stdout)
        if not self.console.is_terminal:
            self.console.width = _PLAIN_WIDTH

    @property
    def gives_json_to_stdout(self) -> bool:
        """Whether standard output is for JSON alone."""
        return self._json_path == _STANDARD_OUTPUT

    def print(self, *parts: RenderableType) -> None:
        """Print; what looks like markup or a number stays as it is."""
        for part in parts:
            self.console.print(Text(part) if isinstance(part, str) else part, highlight=False)

    def print_line(self, text: str) -> None:
        """Print a line that is never cut, such as a path."""
        self.console.print(Text(text), highlight=False, soft_wrap=True)

    def write_json(self, result: pydantic.BaseModel) -> None:
        """Write JSON where it was asked for."""
        text = result.model_dump_json(indent=2) + "\n"
        if self.gives_json_to_stdout:
            sys.stdout.write(text)
        elif self._json_path is not None:
            self._json_path.parent.mkdir(parents=True, exist_ok=True)
            self._json_path.write_text(text, encoding="utf-8")


def print_to_stderr(lines: Iterable[str]) -> None:
    """Print lines for people where no output is expected of a command."""
    for line in lines:
        click.echo(line, err=True)


def create_table(
    *headers: str, right: Collection[str] = (), no_wrap: Collection[str] = ()
) -> Table:
    """Create an empty table, some columns aligned to the right, some kept on one line."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for header in headers:
        table.add_column(
            header, justify="right" if header in right else "left", no_wrap=header in no_wrap
        )
    return table


def add_row(table: Table, *cells: Text | str | int | None, style: str = "") -> None:
    """Add a row; text is never read as markup, and None is an empty cell."""
    table.add_row(
        *(
            cell if isinstance(cell, Text) else Text("" if cell is None else str(cell))
            for cell in cells
        ),
        style=style,
    )


def indent(renderable: RenderableType) -> Padding:
    """Set a part of a screen off from what is above it."""
    return Padding(renderable, (1, 0, 0, 2))


def name_state(state: enum.Enum) -> str:
    """Name a node's state or a run's verdict for people: ``model refused``."""
    return str(state.value).replace("_", " ")


def get_style(state: enum.Enum) -> str:
    """Get the style of a node's state or a run's verdict."""
    return _STYLES.get(name_state(state), "dim")


def render_state(state: enum.Enum) -> Text:
    """Render a node's state or a run's verdict."""
    return Text(name_state(state), style=get_style(state))


def render_headline(verdict: enum.Enum, reason: str) -> Text:
    """Render how a run ended, and why."""
    title = "DONE IN PART" if verdict.value == "partial" else name_state(verdict).upper()
    return Text.assemble((title, f"bold {get_style(verdict)}"), "  ", reason)


def format_score(value: float | None, missing: str = "") -> str:
    """Format a metric to four decimals."""
    return missing if value is None else f"{value:.4f}"
