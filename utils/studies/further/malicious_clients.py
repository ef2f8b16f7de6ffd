"""Aggregators with one malicious client of five: harmful uploads, injected orders, wrong labels."""

from utils.studies.declaration import PAPER, TASKS, Arm, Claim, Study, cross, homogeneous, vary

_AGGREGATORS = {
    "concatenation": Arm(aggregate_method="concat"),
    "UID": Arm(aggregate_method="sum_uid"),
    **vary("aggregate_method", "summarization", "shuffle_tree", "union", "weighted", "vote", "delta"),
    **vary("aggregate_method", "validated", "robust"),
}
_RULES = homogeneous({"house rules": "RULES_emails"})["house rules"] | Arm(
    protocol="corrected", max_steps=1, max_epochs=2, train_size=40, val_size=24, test_size=60
)

STUDY = Study(
    title="Malicious clients: one of five",
    rows=cross(_AGGREGATORS, homogeneous({"object counting": TASKS["object counting"]}) | {"house rules": _RULES}),
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
