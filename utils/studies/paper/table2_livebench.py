"""Table 2: centralized and federated training on LiveBench with GPT-4o."""

from utils.studies.declaration import PAPER, Arm, Claim, Study

_TASKS = {
    "spatial": "livebench_reasoning__spatial",
    "web of lies v2": "livebench_reasoning__web_of_lies_v2",
    "zebra puzzle": "livebench_reasoning__zebra_puzzle",
    "AMPS hard": "livebench_math__AMPS_Hard",
}

STUDY = Study(
    title="Table 2: LiveBench, GPT-4o",
    rows={label: Arm(task=(task,)) for label, task in _TASKS.items()},
    columns={"centralized": Arm(module="train_centralized"), "federated": Arm(module="train_homo_fed")},
    x_label="training",
    common=PAPER | Arm(test_engine="GPT-4o", evaluation_engine="GPT-4o"),
    published={"centralized": ".53 .37 .33 .46", "federated": ".40 .30 .27 .50"},
    claims=(
        Claim(
            "Centralized training is better than federated on reasoning.",
            larger="centralized",
            smaller="federated",
            only=("spatial", "web of lies v2", "zebra puzzle"),
        ),
        Claim(
            "Federated training is better than centralized on AMPS hard.",
            larger="federated",
            smaller="centralized",
            only=("AMPS hard",),
        ),
    ),
)
