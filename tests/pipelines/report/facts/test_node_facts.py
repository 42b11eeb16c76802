"""The end of a node's log."""

from __future__ import annotations

from pathlib import Path

from pipelines.report.facts.node_facts import read_tail


def test_a_short_log_is_read_whole(tmp_path: Path) -> None:
    """All lines, oldest first."""
    path = tmp_path / "node.log"
    path.write_text("first\nsecond\n")

    assert read_tail(path) == (("first", "second"), 2)


def test_a_long_log_is_read_from_its_end(tmp_path: Path) -> None:
    """The last lines, and how many there are in all."""
    path = tmp_path / "node.log"
    path.write_text("".join(f"line {number:06} {'x' * 90}\n" for number in range(5000)))

    tail, lines = read_tail(path)

    assert lines == 5000
    assert len(tail) == 40
    assert tail[-1].startswith("line 004999")


def test_bytes_that_are_no_text_are_marked(tmp_path: Path) -> None:
    """A library's binary chatter does not keep the rest from being read."""
    path = tmp_path / "node.log"
    path.write_bytes(b"\xff\xfe\nfine\n")

    assert read_tail(path)[0] == ("\ufffd\ufffd", "fine")


def test_a_missing_log_is_empty(tmp_path: Path) -> None:
    """A node that never started has no log."""
    assert read_tail(tmp_path / "none.log") == ((), 0)
