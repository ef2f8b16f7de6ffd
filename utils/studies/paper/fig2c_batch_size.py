"""Figure 2c: accuracy over the batch size."""

from utils.studies.declaration import Claim, Study, homogeneous, vary

STUDY = Study(
    title="Figure 2c: batch size",
    rows=homogeneous(),
    columns=vary("batch_size", 1, 3, 5, 10),
    x_label="questions per local step",
    claims=(
        Claim("Accuracy first rises with the batch size.", larger="3", smaller="1"),
        Claim("Then accuracy falls with the batch size.", larger="3", smaller="10"),
    ),
)
