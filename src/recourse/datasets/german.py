"""German credit, as published and as actionable-recourse prepared it."""

from __future__ import annotations

from collections.abc import Mapping

_GERMAN_FIELDS = [
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

# Each column of the processed table as a function of one original field: None copies it, a mapping recodes
# it, and a string lists the codes that become 1. The mistakes are the published table's own (see `load`) and
# are kept.
_GERMAN: dict[str, tuple[str, Mapping[str, str] | str | None]] = {
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


def german_raw_table(raw: bytes) -> bytes:
    """Add the header; commas for blanks."""
    lines = [",".join(line.split()) for line in raw.decode("ascii").splitlines() if line.strip()]
    return ("\n".join([",".join(_GERMAN_FIELDS), *lines]) + "\n").encode()


def german_table(raw: bytes) -> bytes:
    """Recode each field as `_GERMAN` says."""

    def cell(code: str, rule: Mapping[str, str] | str | None) -> str:
        if rule is None:
            return code
        return str(int(code in rule.split())) if isinstance(rule, str) else rule[code]

    lines = [",".join(_GERMAN)]
    for line in raw.decode("ascii").splitlines():
        if line.strip():
            person = dict(zip(_GERMAN_FIELDS, line.split(), strict=True))
            lines.append(",".join(cell(person[field], rule) for field, rule in _GERMAN.values()))
    return ("\n".join(lines) + "\n").encode()


GERMAN_HARMS = (
    "Sex and marital status share one field, so that neither is known for everyone: by the corrected code "
    "list of Grömping (2019) its code A92 covers women who are not single and single men alike.",
    "Grömping found UCI's description of several other codes wrong too, among them checking account, credit "
    "history and foreign worker. Read no meaning into a code without that list.",
    "Loans of 1973–75 from one bank, with bad ones oversampled to 300 of 1,000: no approval rate of any lender.",
)
