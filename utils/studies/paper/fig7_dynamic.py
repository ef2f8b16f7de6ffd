"""Figure 7: dynamic aggregation, which concatenates short prompts and summarizes long ones."""

from utils.studies.declaration import Arm, Claim, Study, homogeneous

STUDY = Study(
    title="Figure 7: dynamic aggregation",
    rows=homogeneous(),
    columns={
        "concatenation": Arm(aggregate_method="concat"),
        "summarization": Arm(aggregate_method="summarization"),
        "dynamic": Arm(aggregate_method="dynamic"),
    },
    x_label="aggregator",
    claims=(
        Claim("Concatenation is better than dynamic aggregation.", larger="concatenation", smaller="dynamic"),
        Claim("Summarization is better than dynamic aggregation.", larger="summarization", smaller="dynamic"),
    ),
)
