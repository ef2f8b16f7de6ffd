"""Summarization and UID over degrees of heterogeneity between clients."""

from utils.studies.declaration import PAPER, Arm, Claim, Study, cross, homogeneous, vary

_AGGREGATORS = {"summarization": Arm(aggregate_method="summarization"), "UID": Arm(aggregate_method="sum_uid")}

STUDY = Study(
    title="Heterogeneity: Dirichlet split of answers",
    rows=cross(_AGGREGATORS, homogeneous()),
    columns=vary("alpha", 0.1, 0.3, 1.0, 10.0),
    x_label="alpha (smaller is more heterogeneous)",
    common=PAPER | Arm(partition="dirichlet"),
    claims=(
        Claim("Accuracy is higher with similar clients.", larger="10.0", smaller="0.1"),
        Claim("UID is better than summarization.", larger="UID", smaller="summarization"),
        Claim("That holds for very different clients.", larger="UID", smaller="summarization", only=("0.1",)),
    ),
)
