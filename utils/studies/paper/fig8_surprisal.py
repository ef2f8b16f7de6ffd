"""Figure 8: surprisal of merged prompts under GPT-2."""

from utils.studies.declaration import PAPER, Arm, Claim, Study, cross, homogeneous
from utils.studies.measures import merged_prompt

_MEASURES = {
    "mean": Arm(merged_prompt("surprisal_mean", "mean surprisal (bits per token)")),
    "maximum": Arm(merged_prompt("surprisal_max", "maximum surprisal (bits)")),
}

STUDY = Study(
    title="Figure 8: surprisal of merged prompts",
    rows=cross(_MEASURES, homogeneous()),
    columns={
        "summarization": Arm(aggregate_method="summarization"),
        "UID": Arm(aggregate_method="sum_uid"),
    },
    x_label="aggregator",
    common=PAPER | Arm(surprisal_model="gpt2"),
    claims=tuple(
        Claim(f"The {measure} surprisal is nearly equal.", "summarization", "UID", only=(measure,), equal=True)
        for measure in _MEASURES
    ),
)
