"""Figure 2b: accuracy over the number of clients."""

from utils.studies.declaration import Claim, Study, homogeneous, vary

STUDY = Study(
    title="Figure 2b: number of clients",
    rows=homogeneous(),
    columns=vary("homo_split_num", 1, 3, 5, 10),
    x_label="clients",
    claims=(Claim("Accuracy falls with more clients.", larger="1", smaller="10"),),
)
