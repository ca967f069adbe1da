"""People to try things on: a synthetic lender that is always there, and five public tables that are not.

`lender` generates as many loan applicants as you like from a published structural causal model. `load` reads
a real table from a folder of yours or from the cache that `fetch` fills, and checks every byte of it against
a checksum first. Nothing here downloads unless you call `fetch`, and no real person's record ships with the
package.
"""

from recourse.datasets.dataset import Dataset
from recourse.datasets.lender import lender, lender_intervene
from recourse.datasets.listing import available
from recourse.datasets.shapes import circles, moons, overlapping, separable
from recourse.datasets.store import cache_folder, fetch, load

__all__ = [
    "Dataset",
    "available",
    "cache_folder",
    "circles",
    "fetch",
    "lender",
    "lender_intervene",
    "load",
    "moons",
    "overlapping",
    "separable",
]
