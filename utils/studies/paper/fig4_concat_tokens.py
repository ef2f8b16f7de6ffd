"""Figure 4: length and price of concatenated prompts."""

from utils.studies.declaration import PAPER, Arm, Claim, Study, cross, homogeneous, vary
from utils.studies.measures import CONCATENATED_TOKENS, DOLLARS

STUDY = Study(
    title="Figure 4: tokens of concatenated prompts",
    rows=cross({"tokens": Arm(CONCATENATED_TOKENS), "dollars": Arm(DOLLARS)}, homogeneous()),
    columns=vary("homo_split_num", 1, 3, 5, 10),
    x_label="clients",
    common=PAPER | Arm(aggregate_method="concat"),
    claims=(Claim("The concatenation grows with the number of clients.", larger="10", smaller="1", only=("tokens",)),),
)
