"""What has to be recorded where the versions in place are not those that were recorded."""

from __future__ import annotations

import pytest

from components.champion.choice import Action, Change, Push
from components.champion.recovery import AGREED, Recovery, ServedState, compare_with_serving

FIRST, SECOND = Push(10, 1, 100), Push(20, 2, 200)
RESET = Change(30, Action.RESET, None)
BACK = Change(30, Action.ROLLBACK, 1, 300)
EMPTIED = Change(30, Action.RECOVERED, None)
CONTENT = {300: 3}
"""Models by versions of which nothing need be recorded to know them."""


def compare(in_place: list[int], pushes: list[Push], changes: list[Change]) -> ServedState:
    """Compare, with the models that are known by content."""
    return compare_with_serving(in_place, pushes, changes, CONTENT.get)


@pytest.mark.parametrize(
    ("in_place", "pushes", "changes"),
    [
        ([], [], []),
        ([100, 200], [FIRST, SECOND], []),
        ([200], [SECOND, FIRST], []),
        ([100, 200, 300], [FIRST, SECOND], [BACK]),
        # Published twice: the Pusher was killed after the first time.
        ([100, 200], [FIRST, SECOND, Push(25, 2, 200)], []),
        # A reset stays in force, whatever is taken away.
        ([100, 200], [FIRST, SECOND], [RESET]),
        ([100], [FIRST, SECOND], [RESET]),
        ([], [FIRST, SECOND], [RESET]),
        ([], [FIRST, SECOND], [EMPTIED]),
    ],
)
def test_nothing_is_recorded_where_the_two_agree(
    in_place: list[int], pushes: list[Push], changes: list[Change]
) -> None:
    """The newest version in place is the one that was recorded last."""
    assert compare(in_place, pushes, changes) == AGREED


@pytest.mark.parametrize(
    ("in_place", "pushes", "changes", "version", "model_id", "reason"),
    [
        ([100, 300], [FIRST], [], 300, 3, "not recorded: a push or a rollback was cut short"),
        ([300], [], [], 300, 3, "not recorded"),
        ([100, 200, 300], [FIRST, SECOND], [RESET], 300, 3, "not recorded"),
        ([300], [FIRST], [EMPTIED], 300, 3, "not recorded"),
        ([100], [FIRST, SECOND], [], 100, 1, "serving/200 is no longer in place; serving/100"),
        ([100, 200], [FIRST, SECOND], [BACK], 200, 2, "serving/300 is no longer in place"),
        ([], [FIRST, SECOND], [], None, None, "serving/200 is no longer in place, nor is any"),
        ([100], [FIRST, SECOND], [EMPTIED], 100, 1, "the store said otherwise"),
        ([100, 200], [SECOND, Push(40, 1, 100)], [], 200, 2, "the store said otherwise"),
    ],
)
def test_what_serves_is_recorded(
    in_place: list[int],
    pushes: list[Push],
    changes: list[Change],
    version: int | None,
    model_id: int | None,
    reason: str,
) -> None:
    """The newest version in place is the champion's, known by its record or by its content."""
    state = compare(in_place, pushes, changes)

    assert isinstance(state.recovery, Recovery)
    assert (state.recovery.version, state.recovery.model_id) == (version, model_id)
    assert reason in state.recovery.reason
    assert state.unknown == ()


@pytest.mark.parametrize(
    ("in_place", "recovered", "unknown"),
    [
        ([100, 200, 900], None, (900,)),
        ([100, 200, 900, 901], None, (901, 900)),
        ([50, 100, 200], None, ()),
        ([100, 200, 300, 900], 300, (900,)),
        ([100, 900], 100, (900,)),
    ],
)
def test_a_model_of_no_one_is_no_champion(
    in_place: list[int], recovered: int | None, unknown: tuple[int, ...]
) -> None:
    """A version whose model is not known is named, and the one below it counts."""
    state = compare(in_place, [FIRST, SECOND], [])

    assert state.unknown == unknown
    assert (state.recovery.version if state.recovery else None) == recovered
