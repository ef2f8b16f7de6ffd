"""Three to a hundred clients, on tasks with enough questions."""

from utils.studies.declaration import PAPER, Arm, Claim, Study, cross, homogeneous, vary

_AGGREGATORS = {"summarization": Arm(aggregate_method="summarization"), "UID": Arm(aggregate_method="sum_uid")}
_TASKS = {"GSM8K": "GSM8K", "tickets": "RULES_tickets"}

STUDY = Study(
    title="Three to a hundred clients",
    rows=cross(_AGGREGATORS, homogeneous(_TASKS)),
    columns=vary("homo_split_num", 3, 10, 30, 100),
    x_label="clients",
    common=PAPER | Arm(train_size=300, val_size=100, test_size=100),
    claims=(
        Claim("Accuracy falls with more clients.", larger="3", smaller="100"),
        Claim("UID is better than summarization.", larger="UID", smaller="summarization"),
    ),
)
