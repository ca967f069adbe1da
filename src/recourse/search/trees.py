"""Exact search for tree ensembles: the cheapest way over the bar, with a proof.

The compiled kernel branches over *boxes*: in each, every menu keeps some of its cells. This module runs people on
threads, puts what the kernel can't decide to the model in batches, and keeps what is done when the budget ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import IntArray
from recourse.budget import Budget
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.models.statements.statement import Statement
from recourse.models.statements.trees import TreeEnsemble
from recourse.progress import Advance
from recourse.search.exclusions import Exclusions
from recourse.search.kernels import builds
from recourse.search.questions import Questions, drop_free_changes
from recourse.search.solutions import FEASIBLE, OPTIMAL, Solutions, meets
from recourse.search.tree_problem import TreeProblem, detail_for
from recourse.search.workers import Crew, next_size, number_of_threads

MOST_BOXES = 200_000
"""How many boxes are looked at for one person by default; then the answer comes with its gap."""

_FIRST_BOXES = 64
_DONE, _ASK, _PAUSED = range(3)
_NO_VERDICT, _APPROVED, _DENIED, _FORBIDDEN = range(4)
_PARKED_BYTES = 1 << 28
"""Nobody else is begun while those who wait for the model's verdict take more room than this."""


def accepts(statement: Statement | None, menus: Menus, exclusions: Sequence[Exclusions]) -> bool:
    """Whether the model is a sum of trees; any condition and exclusion will do."""
    return isinstance(statement, TreeEnsemble)


def solve(
    model: Model,
    menus: Menus,
    people: npt.ArrayLike | None = None,
    exclusions: Sequence[Exclusions] | None = None,
    *,
    statement: Any,
    budget: Budget | None = None,
    advance: Advance | None = None,
    most_boxes: int = MOST_BOXES,
    threads: int | None = None,
    interpreted: bool = False,
) -> Solutions:
    """Return the cheapest action of each of `people` that the model approves.

    Scores within the statement's tolerance of the bar, and conditions across menus, are put to the model and
    to the conditions during the search, in batches. All answers are put to the model once more at the end; where it
    denies what its own trees approve, nothing is claimed about cheaper actions.

    Parameters
    ----------
    model, menus, people, exclusions, budget, advance : see `recourse.search.solve`
        As there; the budget acts within about 50 ms.
    statement : TreeEnsemble
        What the model states of itself over these menus.
    most_boxes : int
        At most so many boxes are looked at for a person; then the answer is FEASIBLE or UNKNOWN, with a bound.
    threads : int, optional
        All processors by default; every answer is the same for any number.
    interpreted : bool
        Run the kernel's plain twin instead of its compiled build.
    """
    questions = Questions(model, menus, people, exclusions, budget)
    search = _TreeSearch(questions, statement, most_boxes, threads, interpreted)
    out = search.run(np.arange(len(questions)), advance)
    found = np.flatnonzero(out.found)
    wrong = found[~questions.works(found, out.picks[found])]
    if len(wrong):
        # The statement is not true here: ask about every candidate, and believe no bound.
        search.trusting = False
        out.withdraw(wrong)
        out.bound[wrong] = 0.0
        again = search.run(wrong, None)
        out.put(wrong, again)
        out.interrupted |= again.interrupted
        out.withdraw(wrong[~out.found[wrong]])
        out.codes[wrong[out.found[wrong]]] = FEASIBLE
        out.bound[wrong] = 0.0
    drop_free_changes(questions, out)
    return out


class _TreeSearch:
    """One call's people, and everything that is prepared for them once."""

    def __init__(
        self, questions: Questions, statement: TreeEnsemble, most_boxes: int, threads: int | None, interpreted: bool
    ) -> None:
        self.questions, self.statement, self.most_boxes = questions, statement, most_boxes
        self.kernel = builds.load("trees", interpreted=interpreted)
        self.threads = number_of_threads(threads, compiled=self.kernel.is_compiled())
        self.trusting = True
        self._problems: dict[str, TreeProblem] = {}
        self._lock = threading.Lock()

    def problem(self, i: int) -> TreeProblem:
        """The menus for one person, collapsed as far as their exclusions allow."""
        detail = detail_for(self.questions.menus, self.questions.exclusions[i])
        with self._lock:
            if detail not in self._problems:
                self._problems[detail] = TreeProblem(self.kernel, self.questions.menus, self.statement, detail)
            return self._problems[detail]

    def run(self, which: IntArray, advance: Advance | None) -> Solutions:
        """Solve some of the people: threads work until all that is left waits for the model, then it is asked."""
        menus, people = self.questions.menus, self.questions.people[which]
        out = Solutions.unknown(len(which), len(menus.blocks))
        crew = Crew(self.questions.budget, advance)
        rounds = _Rounds(self, which, out, crew)
        try:
            while rounds.left() and not crew.stopped:
                crew.run([rounds.step] * min(self.threads, rounds.left()))
                if not crew.stopped:
                    rounds.ask()
        except KeyboardInterrupt:
            crew.stopped = True
        if crew.stopped:
            out.interrupted = True
            rounds.give_up()

        # The kernel's sums of prices are its own: those of the menus count.
        out.price(menus, people)
        if menus.combine == "sum":
            found = np.flatnonzero(out.found)
            out.prove(found[meets(out.cost[found], out.bound[found])])
        out.prove(np.flatnonzero(out.codes == OPTIMAL))
        return out

    def verdicts(self, which: IntArray, picks: npt.NDArray[np.int32]) -> IntArray:
        """Judge candidates: by the conditions across menus and exclusions first, then by the model.

        Forbidden is what a condition rules out; an excluded action is denied like one that the model denies.
        """
        menus, people = self.questions.menus, self.questions.people[which]
        verdicts = np.where(menus.allows(people, picks), _DENIED, _FORBIDDEN)
        good = np.flatnonzero(self.questions.allowed(which, picks))
        verdicts[good[self.questions.approves(which[good], picks[good])]] = _APPROVED
        return verdicts


class _Case:
    """One person's search in progress."""

    def __init__(self, k: int, problem: TreeProblem, before: _Case | None) -> None:
        self.k, self.problem, self.verdict = k, problem, _NO_VERDICT
        self.solver: Any = problem.solver() if before is None else before.solver
        self.question = np.zeros(problem.m, np.int32)


class _Rounds:
    """Who is still to be begun, who goes on, who waits for the model; safe to work on from several threads."""

    def __init__(self, search: _TreeSearch, which: IntArray, out: Solutions, crew: Crew) -> None:
        self.search, self.which, self.out, self.crew = search, which, out, crew
        self.next = 0
        self.ready: list[_Case] = []
        self.waiting: list[_Case] = []
        self.spare: list[_Case] = []
        self.lock = threading.Lock()

    def left(self) -> int:
        """How many people are not done."""
        return len(self.which) - self.next + len(self.ready) + len(self.waiting)

    def step(self) -> int | None:
        """Take somebody and search; returns how many are done by that, or None if nobody can go on now."""
        case = self._take()
        if case is None:
            return None
        if not self._go_on(case):
            return 0
        with self.lock:
            self.spare.append(case)
        return 1

    def _take(self) -> _Case | None:
        """Somebody whose verdict has come, or the next person."""
        with self.lock:
            if self.ready:
                return self.ready.pop()
            if self.next >= len(self.which):
                return None
            if self.waiting and sum(case.solver.bytes for case in self.waiting) > _PARKED_BYTES:
                return None
            k = self.next
            self.next += 1
        i = int(self.which[k])
        problem = self.search.problem(i)
        with self.lock:
            free = next((case for case in self.spare if case.problem is problem), None)
            if free is not None:
                self.spare.remove(free)
        case = _Case(k, problem, free)
        self._begin(case, i)
        return case

    def _begin(self, case: _Case, i: int) -> None:
        """Tell the kernel whose turn it is, and what their action may not be."""
        questions, problem = self.search.questions, case.problem
        excluded = questions.exclusions[i]
        frozen = self._mask(excluded.frozen, problem.m)
        sets = [(subset, 0) for subset in excluded.subsets] + [(subset, 1) for subset in excluded.supersets]
        masks = np.zeros((len(sets), problem.m), dtype=np.int64)
        for k, (subset, _) in enumerate(sets):
            masks[k] = self._mask(subset, problem.m)
        asks = problem.asks or bool(excluded.picks) or not self.search.trusting
        case.solver.begin(
            int(questions.people[i]),
            excluded=masks,
            frozen=frozen,
            kinds=np.array([kind for _, kind in sets], dtype=np.int32),
            asks=asks,
        )

    def _mask(self, features: frozenset[int], m: int) -> IntArray:
        """A set of features as one bit set a menu."""
        mask = np.zeros(m, dtype=np.int64)
        for feature in features:
            j, bit = self.search.questions.menus.place(feature)
            mask[j] |= np.int64(1) << np.int64(bit)
        return mask

    def _go_on(self, case: _Case) -> bool:
        """Search until the person is done (True), or has a question (False)."""
        boxes = _FIRST_BOXES
        while True:
            began = time.perf_counter()
            code = case.solver.run(case.verdict, boxes)
            case.verdict = _NO_VERDICT
            found, looked, largest, total = case.solver.answer(case.question)
            if code == _DONE or looked >= self.search.most_boxes or not self.crew.going():
                self._write(case, code == _DONE, found, largest, total)
                return True
            if code == _ASK:
                case.solver.question(case.question)
                with self.lock:
                    self.waiting.append(case)
                return False
            boxes = next_size(boxes, time.perf_counter() - began, self.search.most_boxes)

    def _write(self, case: _Case, proven: bool, found: bool, largest: float, total: float) -> None:
        """Write what is known of a person: an action or none, and the bound of what was not looked at."""
        out, k = self.out, case.k
        below = (largest if self.search.questions.menus.combine == "max" else total) * case.problem.unit
        if found:
            out.codes[k] = OPTIMAL if proven else FEASIBLE
            out.picks[k] = case.question
            out.bound[k] = below
        elif proven:
            out.rule_out(np.array([k]))
        else:
            out.bound[k] = below if np.isfinite(below) else 0.0

    def _give_up(self, case: _Case) -> None:
        """Write what is known of a person whose search goes no further."""
        found, _, largest, total = case.solver.answer(case.question)
        self._write(case, False, found, largest, total)

    def ask(self) -> None:
        """Put all waiting questions to the model, in one batch."""
        cases, self.waiting = self.waiting, []

        # One question is kept for the action that is found in the end.
        left = self.search.questions.left(self.which[[case.k for case in cases]]) if cases else ()
        for case, questions in zip(cases, left, strict=True):
            if questions <= 1:
                self.out.out_of_questions[case.k] = True
                self._give_up(case)
                self.spare.append(case)
        cases = [case for case in cases if not self.out.out_of_questions[case.k]]
        if not cases:
            return

        picks = np.array([case.question for case in cases], dtype=np.int32).reshape(len(cases), -1)
        verdicts = self.search.verdicts(self.which[[case.k for case in cases]], picks)
        for case, verdict in zip(cases, verdicts.tolist(), strict=True):
            case.verdict = verdict
        self.ready = cases

    def give_up(self) -> None:
        """Write what is known of those in progress."""
        for case in [*self.ready, *self.waiting]:
            self._give_up(case)
