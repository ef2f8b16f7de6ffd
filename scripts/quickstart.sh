#!/bin/sh
# Install into .venv, then train a prompt with a small LLM on this machine. Needs no API key and no GPU.
#     sh scripts/quickstart.sh [argument of main.py ...]
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
exec .venv/bin/python main.py \
    --module train_homo_fed --num_clients 3 --task RG_gcd \
    --test_engine local-smollm2 --evaluation_engine local-smollm2 \
    --rounds 2 --local_steps 1 --batch_size 2 --train_size 12 --val_size 16 --test_size 24 \
    --max_tokens 96 --comet_mode disabled "$@"
