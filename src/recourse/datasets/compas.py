"""COMPAS: people scored for the risk of a new arrest in Broward County, Florida, 2013–14.

The public file has names and birth dates; the conversion leaves them out.
"""

from __future__ import annotations

import io

import pandas as pd

from recourse.datasets.source import Source

_COLUMNS = [
    "sex",
    "age",
    "race",
    "juv_fel_count",
    "juv_misd_count",
    "juv_other_count",
    "priors_count",
    "days_b_screening_arrest",
    "length_of_stay_days",
    "c_charge_degree",
    "is_recid",
    "two_year_recid",
    "decile_score",
    "score_text",
]


def compas_table(raw: bytes) -> bytes:
    """Drop who they are, keep what was used, and turn the two jail dates into days rounded to hundredths."""
    frame = pd.read_csv(io.BytesIO(raw))  # of columns with the same name, pandas keeps the first under it
    stay = pd.to_datetime(frame["c_jail_out"]) - pd.to_datetime(frame["c_jail_in"])
    frame["length_of_stay_days"] = (stay.dt.total_seconds() / 86_400).round(2)
    frame["days_b_screening_arrest"] = frame["days_b_screening_arrest"].astype(float)
    text = frame[_COLUMNS].to_csv(index=False, lineterminator="\n")
    return text.encode()


COMPAS = Source(
    name="compas",
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
    description="People scored by COMPAS in Broward County, Florida, 2013–14, and whether they were arrested again.",
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
)
