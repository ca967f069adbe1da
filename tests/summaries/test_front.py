"""A front holds what nothing else tried beats."""

from __future__ import annotations

import numpy as np
import pytest

import recourse as rs


@pytest.mark.parametrize("kind", ["rules", "tree", "actions"])
def test_a_front_holds_the_choices_that_nothing_else_tried_beats(small, kind):
    _, rules, _ = small
    one = {"rules": rules, "tree": rules.tree(2, subgroups=None), "actions": rules.global_actions(3)}[kind]
    front = one.front()
    tried = front.tried
    pairs = [(row.accuracy, np.inf if np.isnan(row.fcost) else row.fcost) for row in tried.itertuples()]
    beaten = [any(a >= b[0] and c <= b[1] and (a, c) != b for a, c in pairs) for b in pairs]
    assert {pair for pair, bad in zip(pairs, beaten, strict=True) if not bad} == {
        pair for pair, bad in zip(pairs, tried["dominated"], strict=True) if not bad
    }
    shown = front.to_frame()
    assert len(shown) == len(front) == (~tried["dominated"]).sum() > 0
    assert shown["accuracy"].is_monotonic_decreasing
    assert shown["fcost"].is_monotonic_decreasing
    for row, point in zip(shown.itertuples(), front, strict=True):
        assert type(point) is type(one)
        assert point.limits.time_limit == one.limits.time_limit
        measures = point.measures()["in sample"]
        assert (measures["accuracy"], measures["size"]) == (row.accuracy, row.size)
        again = one.refit(**{name: getattr(row, name) for name in front.to_dict()["varied"]})
        assert again.to_dict()["measures"] == point.to_dict()["measures"]
    assert front.at_least(shown["accuracy"].iloc[-1]) is front[len(front) - 1]
    assert front.at_least(shown["accuracy"].iloc[0]) is front[0]
    assert front.at_most(shown["fcost"].iloc[0]) is front[0]
    with pytest.raises(rs.InputError, match="the highest is"):
        front.at_least(1.1)
    with pytest.raises(rs.InputError, match="the lowest is"):
        front.at_most(-1)


def test_a_front_over_named_settings_tries_their_combinations(small):
    _, rules, _ = small
    front = rules.front(max_rules=[1, 3], min_precision=0.5, cost_weight=[0, 2])
    assert len(front.tried) == 4
    assert set(front.tried["min_precision"]) == {0.5}
    for point, settings_ in zip(front, front.to_frame().itertuples(), strict=True):
        assert (point.limits.max_rules, point.limits.min_precision) == (settings_.max_rules, 0.5)
