"""Table 3: prompts trained centrally on a large model, tested on a small one."""

from utils.studies.declaration import PAPER, TASKS, Arm, Claim, Study
from utils.studies.measures import transferred

_LARGE, _SMALL = "Llama-3.2-11B", "Llama-3.2-3B"

STUDY = Study(
    title="Table 3: prompts of the 11B on the 3B model",
    rows={label: Arm(module="train_centralized", task=(task,)) for label, task in TASKS.items()},
    columns={"initial": Arm(transferred("initial")), "transferred": Arm(transferred("best"))},
    x_label="prompt",
    common=PAPER | Arm(test_engine=_LARGE, evaluation_engine=_LARGE, transfer_engine=(_SMALL,)),
    published={"initial": ".66 .51 .80", "transferred": ".69 .66 .72"},
    claims=(
        Claim(
            "Transferred prompts are better on object counting and multistep arithmetic.",
            larger="transferred",
            smaller="initial",
            only=("object counting", "multistep arithmetic"),
        ),
        Claim("The transferred prompt is worse on GSM8K.", larger="initial", smaller="transferred", only=("GSM8K",)),
    ),
)
