"""What a flipset says beside its actions: why there are no more of them, or none, and what to try."""

from __future__ import annotations

from recourse.menus.menus import Menus
from recourse.search import Status
from recourse.search.solutions import OUT_OF_QUESTIONS, OUT_OF_TIME, OUT_OF_WORK

APPROVED = "This person is approved already: there is nothing to flip."

ADVICE = {
    OUT_OF_TIME: "A longer time_limit, a smaller max_changes or larger steps may settle it.",
    OUT_OF_QUESTIONS: "A larger max_questions, a smaller max_changes or larger steps may settle it.",
    OUT_OF_WORK: "A smaller max_changes or larger steps leave fewer actions to try, and may settle it.",
}
"""What to try where a search ended undecided, by why it did."""


def reason_of(found: int, last: Status, why: str, wanted: float, menus: Menus, max_changes: int | None) -> str:
    """Why there are no more items, or none at all; empty if there are as many as asked for."""
    limit = "" if max_changes is None else f" at most {max_changes} feature{'s' * (max_changes != 1)}"
    if found >= wanted:
        return ""
    if last is Status.UNKNOWN:
        return f"Stopped after {found} items: {why}." if found else f"Undecided: {why}. {ADVICE[why]}"
    if found == 1:
        return f"There is no more than 1 such action{limit and ' that changes'}{limit}."
    if found:
        return f"There are no more than {found} such actions{limit and ' that change'}{limit}."
    if not menus.blocks:
        return "No recourse: no feature is actionable for this person."
    return f"No recourse{limit and ' that changes'}{limit}. {last.value[0].upper()}{last.value[1:]}."
