"""A recourse set as plain values, from which every view is rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recourse.costs.cost import Cost
from recourse.summaries.choice.settings import ChoiceSettings
from recourse.summaries.evidence.evidence import Evidence
from recourse.summaries.rules import Rule, rule_figures


def evidence_document(evidence: Evidence, settings: ChoiceSettings) -> dict[str, Any]:
    """What rules were chosen from, and at which prices."""
    weights = {}
    for how in evidence.mobility.values():
        if how.feature is not None and how.actionable:
            weights[str(how.feature.name)] = settings.cost.weight(how.feature)
    subgroups = settings.subgroups
    return {
        "model": {"name": evidence.model.name, "approved_if": evidence.model.rule},
        "cost": {"name": settings.cost.name, "weights": weights, "text": _cost_text(settings.cost, weights)},
        "people": evidence.rows_total,
        "denied": evidence.n,
        "support": {"share": evidence.space.min_support, "people": evidence.support},
        "subgroups": None if subgroups is None else [str(name) for name in subgroups],
        "immutable": [str(name) for name in evidence.read if not evidence.mobility[name].actionable],
        "actionable": [str(name) for name in evidence.read if evidence.mobility[name].actionable],
    }


def rules_document(
    rules: Sequence[Rule], assigned: Sequence[int], spent: Sequence[float | None], denied: int
) -> list[dict[str, Any]]:
    """The rules by subgroup; assigned and spent as `RecourseSet.shares` returns them."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for k, rule in enumerate(rules):
        text = rule.inner_text[:1].upper() + rule.inner_text[1:] if rule.condition else rule.action_text
        groups.setdefault(rule.group_text, []).append(
            {
                "rule": k + 1,
                "condition": [one.to_dict() for one in rule.condition],
                "action": [one.to_dict() for one in rule.action],
                "condition_text": rule.condition_text,
                "action_text": rule.action_text,
                "text": text,
                **rule_figures(rule, assigned[k], spent[k], denied),
            }
        )
    return [{"group": name, "everyone": name == "everyone", "rules": members} for name, members in groups.items()]


def _cost_text(cost: Cost, weights: Mapping[str, float]) -> str:
    """The cost's name, and the features' weights where they differ from 1."""
    if all(weight == 1 for weight in weights.values()):
        return cost.name
    return f"{cost.name} ({', '.join(f'{feature} {weight:.3g}' for feature, weight in weights.items())})"
