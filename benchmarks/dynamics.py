"""Generators, the permutation test, training and one whole experiment, each against the obvious way of doing it.

    python benchmarks/dynamics.py            about a minute
    python benchmarks/dynamics.py --paper    the overlapping experiment as in the paper, one person a batch
    python benchmarks/dynamics.py --study    four data sets × three models × four generators × five repeats

Ratios are of two times measured in the same run. The slow side of a ratio is measured on a part and scaled:
50 of 1,000 people, 20 of 1,000 permutations.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from scipy.spatial.distance import cdist

import recourse as rs
from recourse.generators import ClaPROAR, Generic, Gravitational, Greedy, Probability, Wachter
from recourse.models.network_classifier import NetworkClassifier
from recourse.statistics import mmd_test

RECOURSE = {
    "generic": Generic(),
    "γ = 0.9": Generic(stop=Probability(0.9)),
    "gravitational": Gravitational(),
    "claproar": ClaPROAR(),
}


def seconds(work: Callable[[], object], runs: int = 3) -> float:
    """The shortest of several runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def search() -> None:
    """1,000 people × 100 steps on a 2-32-1 network, all at once and one at a time."""
    data = rs.datasets.overlapping(2000)
    clf = NetworkClassifier(random_state=0).fit(data.X, data.y)
    actions = rs.ActionSet(data.X, default_bounds=(-10, 10))
    people = data.X[data.y == 0].iloc[:1000]
    endless = Wachter(stop=Probability(1 - 1e-12))  # nobody arrives: 100 steps for everybody
    assert endless.generate(clf, people, actions).steps.min() == 100
    together = seconds(lambda: endless.generate(clf, people, actions), 5)
    singles = [people.iloc[[i]] for i in range(50)]
    alone = seconds(lambda: [endless.generate(clf, one, actions) for one in singles], 2) * 20
    print(f"search, 1,000 people × 100 steps on 2-32-1: batched {1e3 * together:.0f} ms,", end=" ")
    print(f"one at a time {alone:.1f} s, ratio {alone / together:.0f}")


def permutations() -> None:
    """1,000 + 1,000 points and 1,000 permutations, one kernel matrix or the definition's three for each."""
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(1000, 2)), rng.normal(0.1, 1, (1000, 2))
    once = seconds(lambda: mmd_test(A, B, 0.5, permutations=1000), 9)
    pooled = np.vstack([A, B])

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.exp(-cdist(x, y, "sqeuclidean") / (2 * 0.5**2))

    def naive() -> None:
        for _ in range(20):
            a, b = np.split(pooled[rng.permutation(2000)], 2)
            within = kernel(a, a).sum() + kernel(b, b).sum() - 2000
            assert within / (1000 * 999) - 2 * kernel(a, b).mean() < 1

    each = seconds(naive) * 50
    print(f"permutation test, 1,000 + 1,000 points: one kernel {once:.2f} s,", end=" ")
    print(f"kernels for each {each:.0f} s, ratio {each / once:.0f}")


def training() -> None:
    """An epoch of 800 people in batches of 32: our loop, and the same steps recorded by torch."""
    data = rs.datasets.overlapping(800)
    X, y = torch.tensor(data.X.to_numpy()), torch.tensor(data.y.to_numpy(), dtype=torch.float64)[:, None]
    for hidden in ((), (32,)):
        clf = NetworkClassifier(hidden, epochs=10, warm_start=False, random_state=0)
        ours = seconds(lambda clf=clf: clf.fit(data.X, data.y))
        sizes = [2, *hidden, 1]
        layers = [part for a, b in pairwise(sizes) for part in (torch.nn.Linear(a, b), torch.nn.ReLU())]
        net = torch.nn.Sequential(*layers[:-1]).double()

        def recorded(net: torch.nn.Module = net) -> None:
            optimiser = torch.optim.Adam(net.parameters(), 1e-2, fused=True)
            for _ in range(10):
                for i in range(0, 800, 32):
                    optimiser.zero_grad()
                    loss = torch.nn.functional.binary_cross_entropy_with_logits(net(X[i : i + 32]), y[i : i + 32])
                    loss.backward()
                    optimiser.step()

        theirs = seconds(recorded)
        print(f"training, 10 epochs of 800 people, {'-'.join(map(str, sizes))}: {1e3 * ours:.0f} ms,", end=" ")
        print(f"torch {1e3 * theirs:.0f} ms, ratio {theirs / ours:.1f}")


def experiment(paper: bool) -> None:
    """The overlapping set, linear model, control and four generators, 50 rounds."""
    data = rs.datasets.overlapping(1000)
    actions = rs.ActionSet(data.X, default_bounds=(-10, 10))
    how = {"batch_size": 1, "learning_rate": 1e-3, "shuffle": False} if paper else {}
    net = {"linear": NetworkClassifier((), standardize=False, **how)}
    recourse = RECOURSE | {"greedy": Greedy()} if paper else RECOURSE
    wall, cpu = time.perf_counter(), time.process_time()
    sim = rs.simulate(net, data.X, data.y, actions, recourse=recourse, repeats=1, preset="altmeyer2023")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"experiment, {len(sim.arms)} arms × 50 rounds, batches of {how.get('batch_size', 32)}, p-values included:",
        end=" ",
    )
    print(f"{wall:.1f} s ({cpu:.1f} s of CPU)\n\n{sim}")


def study() -> None:
    """The paper's synthetic study: 60 simulations of 50 rounds for each data set, p-values included."""
    models = {
        "linear": NetworkClassifier((), standardize=False),
        "mlp": NetworkClassifier((32,), standardize=False),
        "ensemble": NetworkClassifier((32,), members=5, standardize=False),
    }
    start = time.perf_counter()
    for name in ("overlapping", "separable", "circles", "moons"):
        data = getattr(rs.datasets, name)(1000)
        actions, began = rs.ActionSet(data.X, default_bounds=(-10, 10)), time.perf_counter()
        sim = rs.simulate(models, data.X, data.y, actions, recourse=RECOURSE, repeats=5, preset="altmeyer2023")
        print(f"{name}: {time.perf_counter() - began:.0f} s\n\n{sim}\n")
    print(f"the whole study: {time.perf_counter() - start:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--paper", action="store_true")
    parser.add_argument("--study", action="store_true")
    torch.set_num_threads(1)
    asked = parser.parse_args()
    if asked.paper:
        experiment(True)
    elif asked.study:
        study()
    else:
        search()
        permutations()
        training()
        experiment(False)


if __name__ == "__main__":
    main()
