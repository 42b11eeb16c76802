"""Stores that earlier releases wrote, kept in tests/earlier_release, unpacked where they were."""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PLACE = Path("/tmp/tfx-pipelines-earlier-store")
"""Where every store was made: it holds absolute paths."""
CONFIG = PLACE / "earlier.yaml"
OUTPUT_ROOT = PLACE / "output"

_KEPT = Path(__file__).parents[1] / "earlier_release"
_LOCK = PLACE.with_suffix(".lock")
_MARK = PLACE / "unpacked-by-a-test"

RELEASES = sorted(path.parent.name for path in _KEPT.glob("*/store.tar.xz"))


@contextlib.contextmanager
def unpack_store(release: str) -> Iterator[None]:
    """Unpack a release's store at its place, and remove it at the end.

    One process at a time: others wait. What a killed test left there is removed.

    Args:
        release: Folder of it in tests/earlier_release.

    Raises:
        FileExistsError: If something lies at the place that no test put there.
    """
    with _LOCK.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _MARK.is_file():
            shutil.rmtree(PLACE)
        PLACE.mkdir()
        _MARK.touch()
        try:
            shutil.unpack_archive(_KEPT / release / "store.tar.xz", PLACE.parent)
            yield
        finally:
            shutil.rmtree(PLACE)


def read_golden(release: str) -> dict[str, str]:
    """Read what the release itself said of its store.

    Args:
        release: Folder of it in tests/earlier_release.

    Returns:
        Text of each file, by name.
    """
    with tempfile.TemporaryDirectory() as folder:
        shutil.unpack_archive(_KEPT / release / "golden.tar.xz", folder)
        return {path.name: path.read_text() for path in sorted(Path(folder).iterdir())}


def read_corrections(release: str) -> dict[str, list[str]]:
    """Read what a release said wrongly of its store and is said rightly since, by command.

    f825834 lost one name of an artifact that a node was given under two (what DataGate, Evaluator
    and ModelValidator judge, and what they compare it with), and explained it by that.

    Returns:
        Lines as of ``list_lost``.
    """
    corrections: dict[str, list[str]] = json.loads((_KEPT / release / "corrected.json").read_text())
    return corrections


def list_lost(then: Any, now: Any, place: str = "") -> list[str]:
    """List what was said then and is not said now; what is said besides is welcome.

    Args:
        then: JSON value of the earlier release.
        now: JSON value of today.
        place: Where in the whole they stand.

    Returns:
        A line for each value that is gone or another. Numbers may differ in their last digits, for
        another machine adds up in another order.
    """
    if isinstance(then, dict) and isinstance(now, dict):
        return [
            line
            for key, value in then.items()
            for line in (
                list_lost(value, now[key], f"{place}.{key}")
                if key in now
                else [f"{place}.{key}: gone"]
            )
        ]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(then, now, strict=True))
        return [line for i, (old, new) in pairs for line in list_lost(old, new, f"{place}[{i}]")]
    if isinstance(then, float) and isinstance(now, float):
        same = math.isclose(then, now, rel_tol=1e-9, abs_tol=1e-12)
    else:
        same = then == now
    return [] if same else [f"{place}: {_shorten(then)} → {_shorten(now)}"]


def _shorten(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 100 else f"{text[:99]}…"
