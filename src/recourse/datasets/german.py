"""German credit: loan applicants of one bank, with the original codes and as actionable recourse recoded them.

Both tables are made of one public file.
"""

from __future__ import annotations

from collections.abc import Mapping

from recourse.datasets.source import CC_BY, UCI, Source

_FIELDS = [
    "checking_status",
    "duration_months",
    "credit_history",
    "purpose",
    "credit_amount",
    "savings_status",
    "employment_since",
    "installment_rate_percent",
    "personal_status_sex",
    "other_parties",
    "residence_since",
    "property",
    "age",
    "other_payment_plans",
    "housing",
    "existing_credits",
    "job",
    "num_dependents",
    "telephone",
    "foreign_worker",
    "class",
]

_RECODED: dict[str, tuple[str, Mapping[str, str] | str | None]] = {
    "GoodCustomer": ("class", {"1": "1", "2": "-1"}),
    "Gender": ("personal_status_sex", {"A91": "Male", "A92": "Female", "A93": "Male", "A94": "Male"}),
    "ForeignWorker": ("foreign_worker", "A202"),
    "Single": ("personal_status_sex", "A93"),
    "Age": ("age", None),
    "LoanDuration": ("duration_months", None),
    "PurposeOfLoan": (
        "purpose",
        {"A40": "NewCar", "A41": "UsedCar", "A42": "Furniture", "A43": "Electronics", "A44": "HomeAppliances"}
        | {"A45": "Repairs", "A46": "Education", "A48": "Retraining", "A49": "Business", "A410": "Other"},
    ),
    "LoanAmount": ("credit_amount", None),
    "LoanRateAsPercentOfIncome": ("installment_rate_percent", None),
    "YearsAtCurrentHome": ("residence_since", None),
    "NumberOfOtherLoansAtBank": ("existing_credits", None),
    "NumberOfLiableIndividuals": ("num_dependents", None),
    "HasTelephone": ("telephone", "A192"),
    "CheckingAccountBalance_geq_0": ("checking_status", "A12 A13"),
    "CheckingAccountBalance_geq_200": ("checking_status", "A13"),
    "SavingsAccountBalance_geq_100": ("savings_status", "A62 A63 A64"),
    "SavingsAccountBalance_geq_500": ("savings_status", "A63 A64"),
    "MissedPayments": ("credit_history", "A30 A31 A32 A34"),
    "NoCurrentLoan": ("credit_history", "A31"),
    "CriticalAccountOrLoansElsewhere": ("credit_history", "A34"),
    "OtherLoansAtBank": ("other_payment_plans", "A141"),
    "OtherLoansAtStore": ("other_payment_plans", ""),
    "HasCoapplicant": ("other_parties", "A102"),
    "HasGuarantor": ("other_parties", "A103"),
    "OwnsHouse": ("housing", "A152"),
    "RentsHouse": ("housing", "A151"),
    "Unemployed": ("employment_since", "A71"),
    "YearsAtCurrentJob_lt_1": ("employment_since", "A72"),
    "YearsAtCurrentJob_geq_4": ("employment_since", "A74 A75"),
    "JobClassIsSkilled": ("job", "A173 A174"),
}
"""Each column of the processed table, from one original field: None copies it, a mapping recodes it, and a string
lists the codes that become 1. The mistakes are the published table's own (see `GERMAN`) and are kept."""


def german_raw_table(raw: bytes) -> bytes:
    """Add the header; commas for blanks."""
    lines = [",".join(line.split()) for line in raw.decode("ascii").splitlines() if line.strip()]
    return ("\n".join([",".join(_FIELDS), *lines]) + "\n").encode()


def german_table(raw: bytes) -> bytes:
    """Recode each field as `_RECODED` says."""
    lines = [",".join(_RECODED)]
    for line in raw.decode("ascii").splitlines():
        if line.strip():
            person = dict(zip(_FIELDS, line.split(), strict=True))
            lines.append(",".join(_cell(person[field], rule) for field, rule in _RECODED.values()))
    return ("\n".join(lines) + "\n").encode()


def _cell(code: str, rule: Mapping[str, str] | str | None) -> str:
    """One code, copied, found among those that become 1, or recoded."""
    if rule is None:
        return code
    if isinstance(rule, str):
        return str(int(code in rule.split()))
    return rule[code]


_HARMS = (
    "Sex and marital status share one field, so that neither is known for everyone: by the corrected code "
    "list of Grömping (2019) its code A92 covers women who are not single and single men alike.",
    "Grömping found UCI's description of several other codes wrong too, among them checking account, credit "
    "history and foreign worker. Read no meaning into a code without that list.",
    "Loans of 1973–75 from one bank, with bad ones oversampled to 300 of 1,000: no approval rate of any lender.",
)


GERMAN = Source(
    name="german",
    rows=1_000,
    sha256="d9b5f77d02823dea64aacf8edd3698e307d6ff11981edf63273c33d9dfe4d25c",
    url=f"{UCI}/statlog/german/german.data",
    url_sha256="b21f3d81db8071257d5ff1deaeba1fd4303b62712e6fcc9715c7a86202cb5871",
    convert=german_table,
    target="GoodCustomer",
    desired=1,
    left_out=("Gender", "PurposeOfLoan"),
    complete=(),
    description="German loan applicants as numbers, recoded as in Ustun, Spangher & Liu (2019).",
    licence=CC_BY,
    citation="Hofmann (1994), Statlog German Credit; processed as in Ustun, Spangher & Liu (2019), "
    "FAT*; Grömping (2019), South German Credit Data, Beuth University report 4/2019",
    known_harms=(
        *_HARMS,
        "The recoding has mistakes, kept so that published figures can be repeated: MissedPayments is 0 "
        "exactly for the code UCI describes as 'delay in paying off in the past'; ForeignWorker is 1 "
        "exactly for the code UCI describes as 'no'; Single is 0 for every woman; OtherLoansAtStore is "
        "0 for everyone.",
    ),
)

GERMAN_RAW = Source(
    name="german_raw",
    rows=1_000,
    sha256="5b4f36bdf7ddc0c8ce260fb3ab730f4525bd84aa7a02ea38e08c5694f3e97442",
    url=f"{UCI}/statlog/german/german.data",
    url_sha256="b21f3d81db8071257d5ff1deaeba1fd4303b62712e6fcc9715c7a86202cb5871",
    convert=german_raw_table,
    target="class",
    desired=1,
    left_out=(),
    complete=(),
    description="German loan applicants with the original attribute codes (A11 …); class 2 is bad.",
    licence=CC_BY,
    citation="Hofmann (1994), Statlog German Credit; Grömping (2019), South German Credit Data, Beuth "
    "University report 4/2019",
    known_harms=_HARMS,
)
