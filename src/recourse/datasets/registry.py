"""The public tables: where each comes from, how the public file becomes our table, and what is wrong with it.

A conversion is a plain function from bytes to bytes, so that a checksum can say whether the result is the
table that everyone's figures are about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recourse.datasets.adult import adult_table
from recourse.datasets.compas import compas_table
from recourse.datasets.credit import credit_table
from recourse.datasets.german import GERMAN_HARMS, german_raw_table, german_table

_UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases"
_CC_BY = "CC BY 4.0 (UCI Machine Learning Repository)"


@dataclass(frozen=True)
class Source:
    """What makes a public table ours: its origin, its conversion, and the bytes that must come out."""

    rows: int
    sha256: str  # of the table, NAME.csv
    url: str
    url_sha256: str  # of the public file
    convert: Callable[[bytes], bytes]
    target: str
    desired: int | str
    left_out: tuple[str, ...]  # columns of the table that are no features
    complete: tuple[str, ...]  # people without a value here are not in X
    description: str
    licence: str
    citation: str
    known_harms: tuple[str, ...]


SOURCES: dict[str, Source] = {
    "credit": Source(  # url_sha256 comes from undoing the conversion of our table, not from a download
        rows=30_000,
        sha256="48d9fcb6fb5641b82afd1ee9f6a57875171044f8633bce1bc18bf4bc773f2c4c",
        url="https://raw.githubusercontent.com/ustunb/actionable-recourse/"
        "870bb14d926bb2a2883337d9d7b6b4be5f6ea86d/tests/credit_processed.csv",
        url_sha256="b8b6d8b81a0d122648279c663240e6180bbfc9f5b24ad4efcb8dbaa549efcc34",
        convert=credit_table,
        target="NoDefaultNextMonth",
        desired=1,
        left_out=(),
        complete=(),
        description="Credit card clients of a bank in Taiwan, 2005, and whether they paid the next month.",
        licence=_CC_BY,
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
    ),
    "german": Source(
        rows=1_000,
        sha256="d9b5f77d02823dea64aacf8edd3698e307d6ff11981edf63273c33d9dfe4d25c",
        url=f"{_UCI}/statlog/german/german.data",
        url_sha256="b21f3d81db8071257d5ff1deaeba1fd4303b62712e6fcc9715c7a86202cb5871",
        convert=german_table,
        target="GoodCustomer",
        desired=1,
        left_out=("Gender", "PurposeOfLoan"),
        complete=(),
        description="German loan applicants as numbers, recoded as in Ustun, Spangher & Liu (2019).",
        licence=_CC_BY,
        citation="Hofmann (1994), Statlog German Credit; processed as in Ustun, Spangher & Liu (2019), "
        "FAT*; Grömping (2019), South German Credit Data, Beuth University report 4/2019",
        known_harms=(
            *GERMAN_HARMS,
            "The recoding has mistakes, kept so that published figures can be repeated: MissedPayments is 0 "
            "exactly for the code UCI describes as 'delay in paying off in the past'; ForeignWorker is 1 "
            "exactly for the code UCI describes as 'no'; Single is 0 for every woman; OtherLoansAtStore is "
            "0 for everyone.",
        ),
    ),
    "german_raw": Source(
        rows=1_000,
        sha256="5b4f36bdf7ddc0c8ce260fb3ab730f4525bd84aa7a02ea38e08c5694f3e97442",
        url=f"{_UCI}/statlog/german/german.data",
        url_sha256="b21f3d81db8071257d5ff1deaeba1fd4303b62712e6fcc9715c7a86202cb5871",
        convert=german_raw_table,
        target="class",
        desired=1,
        left_out=(),
        complete=(),
        description="German loan applicants with the original attribute codes (A11 …); class 2 is bad.",
        licence=_CC_BY,
        citation="Hofmann (1994), Statlog German Credit; Grömping (2019), South German Credit Data, Beuth "
        "University report 4/2019",
        known_harms=GERMAN_HARMS,
    ),
    "compas": Source(
        rows=7_214,
        sha256="99e3c1156da1cf6ec71fb8f9ac91e9451da63a365d0006b43ff52775db33ba91",
        url="https://raw.githubusercontent.com/propublica/compas-analysis/"
        "bafff5da3f2e45eca6c2d5055faad269defd135a/compas-scores-two-years.csv",
        url_sha256="c451db85908b2f7fef1d83203bedf6b71ecda0d5af468d82ae62178f91d0cc7d",
        convert=compas_table,
        target="two_year_recid",
        desired=0,
        left_out=("is_recid", "decile_score", "score_text", "days_b_screening_arrest"),
        complete=("length_of_stay_days",),
        description="People scored by COMPAS in Broward County, Florida, 2013–14, and whether they were "
        "arrested again.",
        licence="published by ProPublica for reuse",
        citation="Larson, Mattu, Kirchner & Angwin (2016), ProPublica; Barenstein (2019), arXiv 1906.04711; "
        "Bao et al. (2021), NeurIPS Datasets and Benchmarks",
        known_harms=(
            "The label is a new arrest, not a new crime: policing that differs by race and place is in it.",
            "The two-year cut-off was applied to people without a new arrest only, which raises the "
            "recidivism rate from about 36 % to 45 % (Barenstein 2019).",
            "Race, sex and age are features. Of people not arrested again, COMPAS had called Black "
            "defendants high risk almost twice as often as white ones (ProPublica 2016).",
            "Some stays in jail are negative, as recorded, and 307 people have none: they are not in X.",
            "is_recid, decile_score, score_text and days_b_screening_arrest are the label, another model's "
            "output, or known only afterwards: never features. Recourse is a poor frame for a decision "
            "about liberty.",
        ),
    ),
    "adult": Source(
        rows=32_561,
        sha256="3b8a6abd697a6623ef2ccbffc3e2802e167e7fdaa853003d3bd557b0ce7f5d2a",
        url=f"{_UCI}/adult/adult.data",
        url_sha256="5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
        convert=adult_table,
        target="income",
        desired=">50K",
        left_out=("fnlwgt",),
        complete=(),
        description="US census respondents of 1994, and whether their income was above $50,000 (training part).",
        licence=_CC_BY,
        citation="Kohavi & Becker (1996), Adult; Ding, Hardt, Miller & Schmidt (2021), Retiring Adult, NeurIPS",
        known_harms=(
            "The label is an income, not a decision: nobody was approved or denied here.",
            "$50,000 of 1994 is an arbitrary line, about the 76th percentile overall, the 88th for Black "
            "people and the 89th for women; results change with it (Ding et al. 2021).",
            "Unknown values are '?' (7 % of rows have one); race and native country are coarse; sex is binary.",
            "relationship (Husband, Wife) gives sex away; education_num repeats education; capital_gain "
            "stops at 99,999; 24 rows are exact repeats. fnlwgt, a survey weight, is not in X.",
        ),
    ),
}
