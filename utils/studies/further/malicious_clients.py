"""Aggregators with one malicious client of five: harmful uploads, injected orders, wrong labels."""

from utils.studies.declaration import PAPER, TASKS, Arm, Claim, Study, cross, homogeneous

_AGGREGATORS = {
    "concatenation": Arm(aggregate_method="concat"),
    "summarization": Arm(aggregate_method="summarization"),
    "UID": Arm(aggregate_method="sum_uid"),
    "union": Arm(aggregate_method="union"),
}

STUDY = Study(
    title="Malicious clients: one of five",
    rows=cross(_AGGREGATORS, homogeneous({"object counting": TASKS["object counting"]})),
    columns={
        "plain": Arm(),
        "harmful": Arm(attack="harmful"),
        "inject": Arm(attack="inject"),
        "label flip": Arm(attack="label_flip"),
    },
    x_label="attack",
    common=PAPER | Arm(homo_split_num=5, malicious_rate=0.2),
    claims=(
        Claim("Harmful uploads of one client cost accuracy.", larger="plain", smaller="harmful"),
        Claim("Injected orders of one client cost accuracy.", larger="plain", smaller="inject"),
        Claim("Wrong labels of one client cost accuracy.", larger="plain", smaller="label flip"),
    ),
)
