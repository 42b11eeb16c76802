"""Compare what serves with what was recorded, and find what has to be recorded; plain Python.

The folder of versions is the truth of what serves: its newest version, as TensorFlow Serving reads
it. The store knows which model each version holds. A push or a rollback that is killed between the
two leaves a version that the store does not know; a version can be removed by hand.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence

from components.champion.choice import Action, Change, Push, find_latest


@dataclasses.dataclass(frozen=True)
class Recovery:
    """What has to be recorded so that the store agrees with what serves, and why it was not.

    Version and model are None where nothing serves.
    """

    version: int | None
    model_id: int | None
    reason: str


@dataclasses.dataclass(frozen=True)
class ServedState:
    """How what serves differs from what was recorded.

    Attributes:
        recovery: What has to be recorded; None where the two agree.
        unknown: Versions, newest first, above the newest whose model is known.
    """

    recovery: Recovery | None
    unknown: tuple[int, ...]


AGREED = ServedState(None, ())


def compare_with_serving(
    in_place: Collection[int],
    pushes: Sequence[Push],
    changes: Sequence[Change],
    find_model: Callable[[int], int | None],
) -> ServedState:
    """Compare the versions in place with what was recorded of them.

    A reset stays in force until a version comes that is newer than all that were recorded.
    ``find_model`` finds the model of a version by its content; it is asked only for versions that
    nothing was recorded of.
    """
    listed: list[Push | Change] = [*pushes, *changes]
    recorded = {one.version: one.model_id for one in listed if one.version and one.model_id}
    unknown: list[int] = []
    serving, model_id = None, None
    for version in sorted(in_place, reverse=True):
        model_id = recorded.get(version) or find_model(version)
        if model_id is not None:
            serving = version
            break
        unknown.append(version)
    latest = find_latest(pushes, changes)
    expected = latest.version if latest else None
    if isinstance(latest, Change) and latest.action is Action.RESET:
        has_changed = serving is not None and serving > max(recorded, default=0)
    else:
        has_changed = serving != expected
    reason = _explain(serving, expected, serving in recorded)
    recovery = Recovery(serving, model_id, reason) if has_changed else None
    return ServedState(recovery, tuple(unknown))


def _explain(serving: int | None, expected: int | None, is_recorded: bool) -> str:
    if serving is None:
        return f"serving/{expected} is no longer in place, nor is any other version"
    if expected is not None and serving < expected:
        return f"serving/{expected} is no longer in place; serving/{serving} is the newest that is"
    if is_recorded:
        return f"serving/{serving} is the newest version in place; the store said otherwise"
    return (
        f"serving/{serving} was put in place and not recorded: a push or a rollback was cut short"
    )
