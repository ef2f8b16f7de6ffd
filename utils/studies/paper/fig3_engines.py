"""Figure 3: centralized and federated training with different models, each in both roles."""

from utils.studies.declaration import TASKS, Arm, Claim, Study

_MODELS = ("GPT-4", "R1-Distill-70B", "Llama-3.1-405B", "Llama-3.1-70B", "Gemma-2-9B", "Qwen-2-7B")
_TASK = Arm(task=(TASKS["object counting"],))

STUDY = Study(
    title="Figure 3: models, object counting",
    rows={
        "centralized": _TASK | Arm(module="train_centralized"),
        "federated": _TASK | Arm(module="train_homo_fed"),
    },
    columns={model: Arm(test_engine=model, evaluation_engine=model) for model in _MODELS},
    x_label="model in both roles",
    published={"centralized": ".99 .99 .96 .95 - -", "federated": ".98 - - - - -"},
    claims=(Claim("Centralized training is better than federated.", larger="centralized", smaller="federated"),),
)
