"""Table 1: local steps and batch size with one task per client."""

from utils.studies.declaration import Arm, Claim, Study, heterogeneous, vary

STUDY = Study(
    title="Table 1: local steps and batch size",
    rows={f"E = {steps}": heterogeneous() | Arm(max_steps=steps) for steps in (3, 5, 10)},
    columns=vary("batch_size", 1, 3, 10),
    x_label="batch size B",
    published={
        "E = 3": ".73 (.03) .78 (.02) .72 (.03)",
        "E = 5": ".83 (.02) .86 (.02) .84 (.01)",
        "E = 10": ".81 (.03) .83 (.02) .80 (.02)",
    },
    claims=(
        Claim("Five local steps are better than three.", larger="E = 5", smaller="E = 3"),
        Claim("Five local steps are better than ten.", larger="E = 5", smaller="E = 10"),
        Claim("A batch of three is better than one question.", larger="3", smaller="1"),
        Claim("A batch of three is better than ten.", larger="3", smaller="10"),
    ),
)
