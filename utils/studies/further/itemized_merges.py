"""Merges by instruction against summarization: what they keep, what is sent, and accuracy, for 3 to 30 clients."""

from utils.studies.declaration import PAPER, Arm, Claim, Study, cross, vary
from utils.studies.measures import ACCURACY, RETENTION, TOKENS_SENT

_MEASURES = {"accuracy": Arm(ACCURACY), "retention": Arm(RETENTION), "tokens sent": Arm(TOKENS_SENT)}
_METHODS = {
    **vary("aggregate_method", "summarization", "union", "delta", "vote"),
    "vote of 10 %": Arm(aggregate_method="vote", vote_share=0.1),
}
_OURS = Arm(
    module="train_homo_fed",
    task=("RG_gsm_symbolic",),
    protocol="corrected",
    train_size=300,
    val_size=100,
    test_size=100,
)

STUDY = Study(
    title="Itemized merges: 3 to 30 clients",
    rows=cross(_MEASURES, _METHODS),
    columns=vary("homo_split_num", 3, 10, 30),
    x_label="clients",
    common=PAPER | _OURS,
    claims=(
        Claim("delta keeps more than summarization.", "delta", "summarization", only=("retention",)),
        Claim("vote keeps less than union.", "union", "vote", only=("retention",)),
        Claim("delta is more accurate than summarization.", "delta", "summarization", only=("accuracy",)),
        Claim("A lower share is more accurate.", "vote of 10 %", "vote", only=("accuracy",)),
        Claim("delta sends fewer tokens than union.", "union", "delta", only=("tokens sent",)),
    ),
)
