#!/bin/sh
# Train one prompt with all the data in one place. The environment names the engines; main.py gets all arguments:
#     TEST_ENGINE=ollama-llama3.1 EVALUATION_ENGINE=gpt-4o sh scripts/run_centralized.sh --rounds 3 --seed 1
# TASK: task to train on (BBH_object_counting). A path with spaces: --task "my file.jsonl".
set -eu
cd "$(dirname "$0")/.."
. scripts/lib/common.sh
run_module train_centralized "${TASK:-BBH_object_counting}" "$@"
