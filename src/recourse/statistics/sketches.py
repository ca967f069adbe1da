"""A mergeable summary of costs: sketches of disjoint groups add up exactly, in any order.

An audit keeps one for each group, so that the audit of a table is the sum of the audits of its parts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray, IntArray
from recourse.checks import share, whole_number
from recourse.errors import InputError
from recourse.statistics.intervals import quantile_ranks

_TICK = 2.0**-32  # costs are whole multiples of this, so that sums are exact
_PER_OCTAVE = 2048
_LOWEST = -20  # costs below 2**-20 count as zero in quantiles
_BINS = 65_536
_LAST = _BINS - 1
_HUGE = 2.0**960  # in ticks, these would overflow


@dataclass(frozen=True)
class CostSketch:
    """Sum up non-negative costs so that the summaries of the parts add up to exactly that of the whole.

    Make one with `CostSketch.of(costs)`, add them with `+`; `CostSketch()` is that of nobody. Costs are rounded to
    whole multiples of 2⁻³² and kept as Python integers, so `count`, `mean`, `min` and `max` are exact for the rounded
    costs however large the population is, and two sketches of the same people are equal, whatever the partition and
    the order.

    Quantiles come from a fixed histogram of 65,536 bins: bin 0 for costs below 2⁻²⁰ (these read as 0), then
    2,048 equal steps to each doubling, then the last bin for all costs at or above `TOP` = 4094. A quantile
    below `TOP` is within `relative_error` = 2⁻¹² (0.024 %) of that person's rounded cost; one at or above it
    reads "at least this", and `above_top` counts those people. Only bins in use are stored, sorted.

    Parameters
    ----------
    count : int
        How many costs there are.
    total_ticks, min_ticks, max_ticks : int
        Their sum, smallest and largest, in units of 2⁻³²; the ends are None of nobody.
    bins : tuple of (int, int)
        The numbers of the bins in use, and how many costs are in each.

    Examples
    --------
    >>> north, south = CostSketch.of([0.5, 1.0, 2.0]), CostSketch.of([0.0, 4.0])
    >>> both = north + south
    >>> both
    CostSketch(5 costs: mean 1.5, min 0, median 1, max 4)
    >>> both == CostSketch.of([4.0, 2.0, 1.0, 0.5, 0.0]) == sum([south, north], CostSketch())
    True
    >>> CostSketch().mean is None  # of nobody
    True
    """

    TOP: ClassVar[float] = 4094.0
    relative_error: ClassVar[float] = 2.0**-12

    count: int = 0
    total_ticks: int = 0
    min_ticks: int | None = None
    max_ticks: int | None = None
    bins: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, costs: npt.ArrayLike) -> CostSketch:
        """Sum up these costs.

        Parameters
        ----------
        costs : array of float
            Finite and at least 0, one a person, in any shape. Someone without recourse has no cost, not an infinite
            one: count these people elsewhere.

        Returns
        -------
        CostSketch

        Raises
        ------
        InputError
            For a cost that is negative, infinite or NaN.
        """
        given = np.asarray(costs, dtype=float).ravel()
        bad = ~((given >= 0) & (given < _HUGE))
        if bad.any():
            raise InputError(
                f"A cost is finite and at least 0; got {given[bad][0]}. People without recourse have none."
            )
        if not len(given):
            return cls()

        # whole ticks, summed as Python integers, which never round
        ticks = np.rint(given / _TICK)
        index, people = np.unique(_bin_of(ticks * _TICK), return_counts=True)
        return cls(
            count=len(given),
            total_ticks=sum(map(int, ticks.tolist())),
            min_ticks=int(ticks.min()),
            max_ticks=int(ticks.max()),
            bins=tuple(zip(index.tolist(), people.tolist(), strict=True)),
        )

    def __add__(self, other: CostSketch) -> CostSketch:
        if not isinstance(other, CostSketch):
            return NotImplemented
        people = Counter(dict(self.bins))
        people.update(dict(other.bins))
        least = [ticks for ticks in (self.min_ticks, other.min_ticks) if ticks is not None]
        most = [ticks for ticks in (self.max_ticks, other.max_ticks) if ticks is not None]
        return CostSketch(
            count=self.count + other.count,
            total_ticks=self.total_ticks + other.total_ticks,
            min_ticks=min(least, default=None),
            max_ticks=max(most, default=None),
            bins=tuple(sorted(people.items())),
        )

    @property
    def mean(self) -> float | None:
        """The mean cost, correctly rounded; None of nobody."""
        return self.total_ticks / (self.count << 32) if self.count else None

    @property
    def min(self) -> float | None:
        """The smallest cost; None of nobody."""
        return None if self.min_ticks is None else self.min_ticks / 2**32

    @property
    def max(self) -> float | None:
        """The largest cost; None of nobody."""
        return None if self.max_ticks is None else self.max_ticks / 2**32

    @property
    def above_top(self) -> int:
        """How many costs are at or above `TOP`, where quantiles are only known to be at least that."""
        return dict(self.bins).get(_LAST, 0)

    def quantile(self, q: float) -> float | None:
        """Give the smallest cost that at least a share `q` of the people don't exceed.

        It is one person's cost (the inverse of the empirical distribution), never an average of two: the median of an
        even number of people is the lower of the two in the middle.

        Parameters
        ----------
        q : float
            A share from 0 to 1, taken as the decimal that it prints as, so that 0.7 of 10 people are 7.

        Returns
        -------
        float or None
            Within `relative_error`, or 2⁻²⁰ near zero; the smallest and the largest cost are exact. From `TOP` up it
            reads "at least this". None of nobody.

        Raises
        ------
        InputError
            If `q` is no share.

        Examples
        --------
        >>> CostSketch.of([1.0, 2.0, 3.0, 4.0]).quantile(0.25)
        1.0
        """
        q = share("q", q)
        if not self.count:
            return None
        rank = max(1, math.ceil(Fraction(repr(q)) * self.count))
        low, high = self._range_at(rank)
        if low == high:
            return low
        if low == 0:
            return 0.0
        return low if low >= self.TOP else (low + high) / 2

    def quantile_interval(self, q: float, confidence: float = 0.95) -> tuple[float, float] | None:
        """Bound the population's `q`-quantile as `recourse.statistics.quantile_interval` does.

        Each end is moved outwards to the edge of its bin, so the confidence holds.

        Parameters
        ----------
        q : float
            Which quantile, between 0 and 1.
        confidence : float
            Between 0 and 1. The higher, the wider the interval.

        Returns
        -------
        (low, high) or None
            Costs are never negative: with too few people the lower end is 0, and the upper one inf. None of nobody.

        Raises
        ------
        InputError
            For `q` or `confidence` outside (0, 1).

        Examples
        --------
        >>> low, high = CostSketch.of(range(1, 101)).quantile_interval(0.5)
        >>> bool(low <= 40 and 61 <= high and high - low < 21.1)
        True
        """
        low, high = quantile_ranks(self.count, q, confidence)
        if not self.count:
            return None
        return (
            self._range_at(low)[0] if low > 0 else 0.0,
            self._range_at(high)[1] if high <= self.count else math.inf,
        )

    def _range_at(self, rank: int) -> tuple[float, float]:
        """Bounds of the cost of that rank (from 1): its bin, cut to what was seen."""
        least, most = self.min, self.max
        assert least is not None
        assert most is not None
        if rank in (1, self.count):
            end = least if rank == 1 else most
            return end, end
        seen = 0
        for index, people in self.bins:
            seen += people
            if seen >= rank:
                low, high = _edges(index)
                return max(low, least), min(high, most)
        raise AssertionError("a rank beyond the count")

    def to_dict(self) -> dict[str, Any]:
        """Give plain integers and lists, exact in JSON.

        Returns
        -------
        dict
            Costs in units of 2⁻³² (`ticks`), bins as [number, people].

        Examples
        --------
        >>> CostSketch.from_dict(CostSketch.of([1, 2]).to_dict()) == CostSketch.of([2, 1])
        True
        """
        return {
            "count": self.count,
            "total_ticks": self.total_ticks,
            "min_ticks": self.min_ticks,
            "max_ticks": self.max_ticks,
            "bins": [list(pair) for pair in self.bins],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CostSketch:
        """Read what `to_dict` gave.

        Parameters
        ----------
        data : mapping
            As it was written, all keys included.

        Returns
        -------
        CostSketch

        Raises
        ------
        InputError
            Where the numbers can't belong together: something was edited or left out.
        """
        # read every number as what it has to be
        try:
            bins = tuple((whole_number("bin", index), whole_number("people", people)) for index, people in data["bins"])
            count, total = whole_number("count", data["count"]), whole_number("total_ticks", data["total_ticks"])
            ends = (data["min_ticks"], data["max_ticks"])
            low, high = (whole_number("ticks", end) for end in ends) if count else (None, None)
            ends_bins = _bin_of(np.array([low, high], dtype=float) * _TICK).tolist() if count else []
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InputError(f"This is not a cost sketch: {error}.") from error

        # the bins hold as many as are counted, from the smallest to the largest, and the sum lies between
        numbers = [index for index, _ in bins]
        people_in = [people for _, people in bins]
        good = sum(people_in) == count and all(people_in) and numbers == sorted(set(numbers))
        if low is not None and high is not None:
            good = good and ends_bins == [numbers[0], numbers[-1]] and low * count <= total <= high * count
        else:
            good = good and total == 0 and ends == (None, None)
        if not good:
            raise InputError("This is not a cost sketch: its count, sum, ends and bins don't belong together.")
        return cls(count, total, low, high, bins)

    def __repr__(self) -> str:
        if not self.count:
            return "CostSketch(0 costs)"
        numbers = f"mean {self.mean:.4g}, min {self.min:.4g}, median {self.quantile(0.5):.4g}, max {self.max:.4g}"
        return f"CostSketch({self.count:,} costs: {numbers})"


def _bin_of(costs: FloatArray) -> IntArray:
    """The bins of costs that are whole ticks."""
    mantissa, exponent = np.frexp(costs)  # cost = mantissa × 2**exponent with mantissa in [0.5, 1)
    octave = exponent.astype(np.int64) - 1 - _LOWEST
    step = np.floor(mantissa * (2 * _PER_OCTAVE)).astype(np.int64) - _PER_OCTAVE
    return np.where(costs < 2.0**_LOWEST, 0, np.minimum(1 + octave * _PER_OCTAVE + step, _LAST))


def _edges(index: int) -> tuple[float, float]:
    """The costs between which a bin lies."""
    if index == 0:
        return 0.0, 2.0**_LOWEST
    if index == _LAST:
        return CostSketch.TOP, math.inf
    octave, step = divmod(index - 1, _PER_OCTAVE)
    low, width = 2.0 ** (octave + _LOWEST), 2.0 ** (octave + _LOWEST) / _PER_OCTAVE
    return low + step * width, low + (step + 1) * width
