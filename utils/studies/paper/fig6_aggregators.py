"""Figure 6: aggregators on homogeneous clients."""

from utils.studies.declaration import Arm, Claim, Study, homogeneous

STUDY = Study(
    title="Figure 6: aggregators",
    rows=homogeneous(),
    columns={
        "concatenation": Arm(aggregate_method="concat"),
        "summarization": Arm(aggregate_method="summarization"),
        "UID": Arm(aggregate_method="sum_uid"),
    },
    x_label="aggregator",
    published={"concatenation": ".90 .69 .94", "summarization": ".88 .55 .92"},
    claims=(
        Claim("Concatenation is better than summarization.", larger="concatenation", smaller="summarization"),
        Claim(
            "UID is better than summarization on object counting and GSM8K.",
            larger="UID",
            smaller="summarization",
            only=("object counting", "GSM8K"),
        ),
    ),
)
