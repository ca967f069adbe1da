"""What an audit says beside its numbers: why there is nothing to see, and what ended searches early."""

from __future__ import annotations

from recourse.actions.action_set import ActionSet
from recourse.audits.measures import Tally


def notes_on(overall: Tally, actions: ActionSet, *, interrupted: bool, out_of_questions: int) -> list[str]:
    """Return what to keep in mind when reading an audit, in sentences, the most important first."""
    if not overall.denied:
        return ["Nobody is denied by this model, so there is no recourse to look for."]
    if not any(actions.actionable):
        return ["No feature is actionable, so nobody who is denied can change anything."]

    # what ended searches before there was a proof
    notes = []
    if interrupted:
        notes.append(f"Stopped early: {overall.undecided:,} denied people are undecided.")
    if out_of_questions:
        notes.append(
            f"The model was asked as often as max_questions allows, which leaves {out_of_questions:,} of "
            f"{overall.denied:,} denied people without a proof. A larger max_questions may settle them."
        )
    return notes
