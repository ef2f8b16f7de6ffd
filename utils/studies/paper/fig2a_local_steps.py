"""Figure 2a: accuracy over the number of local steps."""

from utils.studies.declaration import Claim, Study, homogeneous, vary

STUDY = Study(
    title="Figure 2a: local steps",
    rows=homogeneous(),
    columns=vary("max_steps", 1, 3, 5, 10),
    x_label="local steps per client and round",
    claims=(Claim("Accuracy falls as local steps grow.", larger="1", smaller="10"),),
)
