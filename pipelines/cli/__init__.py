"""The command line: commands, one module per group, and the screens."""

from pipelines.cli.commands import main

__all__ = ["main"]
