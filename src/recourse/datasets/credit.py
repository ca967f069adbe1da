"""Credit: card clients of a bank in Taiwan, 2005, and whether they paid the next month.

The table is the one that the paper on actionable recourse processed.
"""

from __future__ import annotations

from recourse.datasets.source import CC_BY, Source


def credit_table(raw: bytes) -> bytes:
    """Write the label, the first column, as a whole number: 1.0 becomes 1."""
    return raw.replace(b"\n0.0,", b"\n0,").replace(b"\n1.0,", b"\n1,")


CREDIT = Source(
    name="credit",
    rows=30_000,
    sha256="48d9fcb6fb5641b82afd1ee9f6a57875171044f8633bce1bc18bf4bc773f2c4c",
    url="https://raw.githubusercontent.com/ustunb/actionable-recourse/"
    "870bb14d926bb2a2883337d9d7b6b4be5f6ea86d/tests/credit_processed.csv",
    # of the published file: found by undoing the conversion of the table, not from a download
    url_sha256="b8b6d8b81a0d122648279c663240e6180bbfc9f5b24ad4efcb8dbaa549efcc34",
    convert=credit_table,
    target="NoDefaultNextMonth",
    desired=1,
    left_out=(),
    complete=(),
    description="Credit card clients of a bank in Taiwan, 2005, and whether they paid the next month.",
    licence=CC_BY,
    citation="Yeh & Lien (2009), Expert Systems with Applications 36(2); processed as in Ustun, "
    "Spangher & Liu (2019), FAT*",
    known_harms=(
        "Marital status and age are features; a model that uses them may be unlawful where you are.",
        "Sex was dropped in processing, so a gap between the sexes can't be seen here.",
        "People of exactly 40 count in two age bands, so these are no one-hot group; neither are "
        "Married and Single, which leave out 'other'.",
        "Amounts are New Taiwan dollars turned into US dollars and rounded to tens. "
        "MonthsWithZeroBalanceOverLast6Months counts months in which the payment exceeded the bill.",
        "'Denied' people all had credit: nobody who was refused it is in the table.",
    ),
)
