"""Centralized, federated and local-only training on the paper's tasks."""

from utils.studies.declaration import TASKS, Arm, Claim, Study

STUDY = Study(
    title="Centralized, federated and local-only training",
    rows={label: Arm(task=(task,)) for label, task in TASKS.items()},
    columns={
        "centralized": Arm(module="train_centralized"),
        "federated": Arm(module="train_homo_fed"),
        "local only": Arm(module="train_homo_fed", aggregate_method="none"),
    },
    x_label="training",
    claims=(
        Claim("Centralized training is better than federated.", larger="centralized", smaller="federated"),
        Claim("Federated training is better than local-only.", larger="federated", smaller="local only"),
    ),
)
