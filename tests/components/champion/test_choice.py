"""Which model is the champion after pushes, resets and rollbacks."""

from __future__ import annotations

import pytest

from components.champion.choice import Action, Change, Push, choose_champion

FIRST, SECOND, THIRD = Push(10, 1), Push(20, 2), Push(40, 3)
RESET = Change(30, Action.RESET, None)
BACK = Change(30, Action.ROLLBACK, 1)


@pytest.mark.parametrize(
    ("pushes", "changes", "champion"),
    [
        ([], [], None),
        ([FIRST], [], 1),
        ([SECOND, FIRST], [], 2),
        ([FIRST, SECOND], [RESET], None),
        ([FIRST, SECOND, THIRD], [RESET], 3),
        ([FIRST, SECOND], [BACK], 1),
        ([FIRST, SECOND, THIRD], [BACK], 3),
        ([FIRST, SECOND], [BACK, Change(35, Action.RESET, None)], None),
        ([FIRST, SECOND], [RESET, Change(35, Action.ROLLBACK, 2)], 2),
        ([FIRST, SECOND], [Change(35, Action.RECOVERED, 1)], 1),
        ([FIRST, SECOND], [Change(35, Action.RECOVERED, None)], None),
        ([FIRST, SECOND, THIRD], [Change(35, Action.RECOVERED, 1)], 3),
    ],
)
def test_what_came_last_decides(
    pushes: list[Push], changes: list[Change], champion: int | None
) -> None:
    """The last push or the last change, whichever is newer, says who the champion is."""
    assert choose_champion(pushes, changes) == champion
