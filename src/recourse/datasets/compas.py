"""COMPAS: recidivism scores of Broward County."""

from __future__ import annotations

import io

import pandas as pd

_COMPAS_COLUMNS = [
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
    text = frame[_COMPAS_COLUMNS].to_csv(index=False, lineterminator="\n")
    return text.encode()
