"""A recourse set as plain values, from which every view is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recourse.summaries.choice.select import SelectionStatus

if TYPE_CHECKING:
    from recourse.summaries.recourse_set import RecourseSet


def document_of(found: RecourseSet) -> dict[str, Any]:
    """Return a recourse set, whatever its kind, as plain values."""
    evidence, limits = found.evidence, found.limits
    measures, (assigned, spent) = found.measures(), found.shares()
    groups: dict[str, list[dict[str, Any]]] = {}
    for k, rule in enumerate(found.rules):
        groups.setdefault(rule.group_text, []).append(
            {
                "rule": k + 1,
                "condition": [p.to_dict() for p in rule.condition],
                "action": [m.to_dict() for m in rule.action],
                "condition_text": rule.condition_text,
                "action_text": rule.action_text,
                "text": rule.inner_text[:1].upper() + rule.inner_text[1:] if rule.condition else rule.action_text,
                "n": rule.n,
                "correct": rule.correct,
                "reach": rule.n / evidence.n,
                "precision": rule.precision,
                "wilson": rule.wilson,
                "cost": rule.cost,
                "change": rule.change,
                "assigned": assigned[k],
                "assigned_share": assigned[k] / evidence.n,
                "assigned_cost": spent[k],
            }
        )
    weights = {
        str(how.feature.name): limits.cost.weight(how.feature)
        for how in evidence.how.values()
        if how.feature is not None and how.actionable
    }
    asked = {"actions": len(evidence.outcomes.actions), "model_rows": evidence.outcomes.rows}
    return {
        "document": "openrecourse/summary",
        "version": 1,
        "kind": found.kind,
        "model": {"name": evidence.model.name, "approved_if": evidence.model.rule},
        "cost": {"name": limits.cost.name, "weights": weights, "text": _cost_text(limits.cost.name, weights)},
        "people": evidence.rows_total,
        "denied": evidence.n,
        "support": {"share": evidence.space.min_support, "people": evidence.space.people(evidence.n)},
        "subgroups": None if limits.subgroups is None else [str(name) for name in limits.subgroups],
        "immutable": [str(name) for name in evidence.read if not evidence.how[name].actionable],
        "actionable": [str(name) for name in evidence.read if evidence.how[name].actionable],
        "limits": found.limits_document(),
        "candidates": found.candidates_document() | asked,
        "value": float(found.value),
        "bound": float(found.bound),
        "gap": float(found.gap),
        "status": found.status.label,
        "statuses": {status.label: status.value for status in SelectionStatus},
        "groups": [{"group": name, "everyone": name == "everyone", "rules": rules} for name, rules in groups.items()],
        "tree": found.tree_document(),
        "measures": {column: measures[column].to_dict() for column in measures.columns},
    }


def _cost_text(name: str, weights: Mapping[str, float]) -> str:
    """The cost's name, and the features' weights where they differ from 1."""
    if all(weight == 1 for weight in weights.values()):
        return name
    return f"{name} ({', '.join(f'{feature} {weight:.3g}' for feature, weight in weights.items())})"
