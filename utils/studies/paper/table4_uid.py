"""Table 4: summarization and UID with one task per client."""

from utils.studies.declaration import Arm, Claim, Study, heterogeneous, vary

STUDY = Study(
    title="Table 4: summarization and UID, heterogeneous",
    rows={
        "summarization": heterogeneous() | Arm(aggregate_method="summarization"),
        "UID": heterogeneous() | Arm(aggregate_method="sum_uid"),
    },
    columns=vary("batch_size", 1, 3, 10),
    x_label="batch size B",
    published={"summarization": ".73 (.03) .78 (.02) .72 (.03)", "UID": ".75 (.02) .79 (.02) .74 (.03)"},
    claims=(Claim("UID is better than summarization.", larger="UID", smaller="summarization"),),
)
