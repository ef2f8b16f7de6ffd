#!/bin/sh
# Train one global prompt on several tasks, with different clients for each. The environment names the engines; main.py
# gets all arguments:
#     TEST_ENGINE=ollama-llama3.1 EVALUATION_ENGINE=gpt-4o sh scripts/run_hetero_fed.sh --rounds 3 --seed 1
# TASK: tasks to train on, separated by spaces (BBH_object_counting BBH_multistep_arithmetic_two GSM8K_DSPy).
# Paths with spaces: --task "my file.jsonl" other.jsonl.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib/common.sh
run_module train_hetero_fed "${TASK:-BBH_object_counting BBH_multistep_arithmetic_two GSM8K_DSPy}" "$@"
