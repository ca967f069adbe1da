"""Adult: what US census respondents of 1994 earned, a benchmark of fair classification and no decision about anyone.

The public file has no header, and a blank after each comma.
"""

from __future__ import annotations

from recourse.datasets.source import CC_BY, UCI, Source


def adult_table(raw: bytes) -> bytes:
    """Add the header, drop the blank after each comma and the empty last line."""
    header = (
        "age,workclass,fnlwgt,education,education_num,marital_status,occupation,relationship,race,sex,"
        "capital_gain,capital_loss,hours_per_week,native_country,income"
    )
    lines = [line.replace(", ", ",") for line in raw.decode("ascii").splitlines() if line.strip()]
    return ("\n".join([header, *lines]) + "\n").encode()


ADULT = Source(
    name="adult",
    rows=32_561,
    sha256="3b8a6abd697a6623ef2ccbffc3e2802e167e7fdaa853003d3bd557b0ce7f5d2a",
    url=f"{UCI}/adult/adult.data",
    url_sha256="5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
    convert=adult_table,
    target="income",
    desired=">50K",
    left_out=("fnlwgt",),
    complete=(),
    description="US census respondents of 1994, and whether their income was above $50,000 (training part).",
    licence=CC_BY,
    citation="Kohavi & Becker (1996), Adult; Ding, Hardt, Miller & Schmidt (2021), Retiring Adult, NeurIPS",
    known_harms=(
        "The label is an income, not a decision: nobody was approved or denied here.",
        "$50,000 of 1994 is an arbitrary line, about the 76th percentile overall, the 88th for Black "
        "people and the 89th for women; results change with it (Ding et al. 2021).",
        "Unknown values are '?' (7 % of rows have one); race and native country are coarse; sex is binary.",
        "relationship (Husband, Wife) gives sex away; education_num repeats education; capital_gain "
        "stops at 99,999; 24 rows are exact repeats. fnlwgt, a survey weight, is not in X.",
    ),
)
