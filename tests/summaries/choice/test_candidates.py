"""Candidates are all triples of the paper."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from recourse.summaries.evidence.itemsets import unpack
from summary_worlds import after, summary, true_of, world


@pytest.mark.parametrize("subgroups", [["sex"], None])
def test_candidates_are_all_triples_of_the_paper_with_equal_ones_counted_once(subgroups):
    w = world(2, n=90, income={"step_direction": 1})
    result = summary(w, subgroups=subgroups, min_support=0.05, max_condition=2, max_changes=2, targets="all")
    evidence, found = result.evidence, result._candidates
    people = w.denied
    least = int(np.ceil(0.05 * len(people)))
    predicates = evidence.predicates
    holds = np.array([[true_of(p, v) for v in people[p.feature].tolist()] for p in predicates])

    def conjunctions(items, width):
        for k in range(1, width + 1):
            for chosen in itertools.combinations(items, k):
                if len({predicates[i].feature for i in chosen}) == k and holds[list(chosen)].all(axis=0).sum() >= least:
                    yield chosen

    everything = range(len(predicates))
    outer = [i for i in everything if subgroups is None or predicates[i].feature in subgroups]
    expected = set()
    for q in conjunctions(outer, 2):
        for c in conjunctions(everything, 2):
            if {predicates[i].feature for i in q} & {predicates[i].feature for i in c}:
                continue
            inside = holds[list(q + c)].all(axis=0)
            if inside.sum() < least:
                continue
            for a, action in enumerate(evidence.outcomes.actions):
                moves = [evidence.effects.moves[m] for m in action]
                pins = {predicates[i].feature: predicates[i] for i in c}
                if any(m.feature not in pins or pins[m.feature] == m.goal for m in moves):
                    continue
                rule = SimpleNamespace(action=moves)
                rows = [after(w, rule, p) for p in people[inside].to_dict(orient="records")]
                if any(row is None for row in rows):
                    continue
                good = int(w.model.approves(pd.DataFrame(rows)).sum()) if rows else 0
                if good:
                    expected.add((q, inside.tobytes(), a, int(inside.sum()), good))
    covered = unpack(found.covers(np.arange(len(found))), len(people))
    got = [
        (found.descriptors.sets[found.descriptor[k]], covered[k].tobytes(), int(found.action[k]), int(found.n[k]),
         int(found.correct[k]))
        for k in range(len(found))
    ]  # fmt: skip
    assert len(got) == len(set(got)) > 50
    assert set(got) == expected
