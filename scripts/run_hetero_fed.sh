#!/bin/sh
# Heterogeneous federated training: several tasks, one global prompt.
# Engines come from the environment, everything else from the arguments:
#     TEST_ENGINE=ollama-llama3.1 EVALUATION_ENGINE=gpt-4o sh scripts/run_hetero_fed.sh --rounds 3 --seed 1
# TASK names the task(s) (default: BBH_object_counting BBH_multistep_arithmetic_two GSM8K_DSPy).
# Keys and base URLs are read from their usual variables.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
# shellcheck disable=SC2086  # TASK may name several
run_module train_hetero_fed ${TASK:-BBH_object_counting BBH_multistep_arithmetic_two GSM8K_DSPy} -- "$@"
