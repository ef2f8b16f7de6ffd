"""A smaller evaluation engine than test engine, and the reverse."""

from utils.studies.declaration import Arm, Claim, Study, homogeneous

_SMALL, _LARGE = "Llama-3.1-8B", "Llama-3.1-70B"

STUDY = Study(
    title="Sizes of test and evaluation engine",
    rows=homogeneous(),
    columns={
        "test 8B, evaluation 8B": Arm(test_engine=_SMALL, evaluation_engine=_SMALL),
        "test 8B, evaluation 70B": Arm(test_engine=_SMALL, evaluation_engine=_LARGE),
        "test 70B, evaluation 8B": Arm(test_engine=_LARGE, evaluation_engine=_SMALL),
        "test 70B, evaluation 70B": Arm(test_engine=_LARGE, evaluation_engine=_LARGE),
    },
    x_label="models",
    claims=(
        Claim(
            "A larger evaluation engine improves a small test engine.",
            larger="test 8B, evaluation 70B",
            smaller="test 8B, evaluation 8B",
        ),
        Claim(
            "A smaller evaluation engine harms a large test engine.",
            larger="test 70B, evaluation 70B",
            smaller="test 70B, evaluation 8B",
        ),
    ),
)
