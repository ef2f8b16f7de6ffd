"""One client of three with wrong labels, or with little data."""

from utils.studies.declaration import Arm, Claim, Study, cross, homogeneous

_AGGREGATORS = {"summarization": Arm(aggregate_method="summarization"), "UID": Arm(aggregate_method="sum_uid")}

STUDY = Study(
    title="Uneven clients",
    rows=cross(_AGGREGATORS, homogeneous()),
    columns={
        "equal clients": Arm(),
        "one with 50 % wrong labels": Arm(wrong_labels=0.5),
        "one with 10 % of the data": Arm(partition="one_small"),
    },
    x_label="clients",
    claims=(
        Claim("Wrong labels of one client cost accuracy.", "equal clients", "one with 50 % wrong labels"),
        Claim("Little data of one client costs accuracy.", "equal clients", "one with 10 % of the data"),
    ),
)
