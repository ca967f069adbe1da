"""What an audit says beside its numbers: why there is nothing to see, and that it was stopped early."""

from __future__ import annotations

from recourse.actions.action_set import ActionSet
from recourse.audits.tally import Tally


def notes_on(overall: Tally, actions: ActionSet, *, interrupted: bool) -> list[str]:
    """Return what to keep in mind when reading an audit, in sentences, the most important first."""
    if not overall.denied:
        return ["Nobody is denied by this model, so there is no recourse to look for."]
    if not any(actions.actionable):
        return ["No feature is actionable, so nobody who is denied can change anything."]
    if interrupted:
        return [f"Stopped early: {overall.undecided:,} denied people are undecided."]
    return []
