"""Tasks without reasoning: house rules, of which each client sees a third."""

from utils.studies.declaration import Arm, Claim, Study

_WORLDS = ("tickets", "emails", "orders")
_PER_CLIENT = Arm(train_size=48, val_size=48, test_size=120)
_ALL = Arm(train_size=144, val_size=144, test_size=360)

STUDY = Study(
    title="House rules: each client sees a third of them",
    rows={world: Arm(task=tuple(f"RULES_{world}_{n}of3" for n in (1, 2, 3))) for world in _WORLDS},
    columns={
        "centralized": Arm(module="train_centralized"),
        "federated": Arm(module="train_hetero_fed") | _PER_CLIENT,
        "local only": Arm(module="train_hetero_fed", aggregate_method="none") | _PER_CLIENT,
    },
    x_label="training",
    special={(world, "centralized"): Arm(task=(f"RULES_{world}",)) | _ALL for world in _WORLDS},
    claims=(
        Claim("Centralized training is better than federated.", larger="centralized", smaller="federated"),
        Claim("Federated training is better than local-only.", larger="federated", smaller="local only"),
    ),
)
