"""Adult: census income, 1994."""

from __future__ import annotations


def adult_table(raw: bytes) -> bytes:
    """Add the header, drop the blank after each comma and the empty last line."""
    header = (
        "age,workclass,fnlwgt,education,education_num,marital_status,occupation,relationship,race,sex,"
        "capital_gain,capital_loss,hours_per_week,native_country,income"
    )
    lines = [line.replace(", ", ",") for line in raw.decode("ascii").splitlines() if line.strip()]
    return ("\n".join([header, *lines]) + "\n").encode()
