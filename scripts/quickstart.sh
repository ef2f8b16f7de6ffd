#!/bin/sh
# Install into .venv, then train a prompt with a small LLM on this machine. Needs no API key and no GPU.
#     sh scripts/quickstart.sh [argument of main.py ...]
# MODEL: any local- engine for both roles; default local-smollm2. This one has 0.8 GB:
#     MODEL=local-bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M sh scripts/quickstart.sh
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
model=${MODEL:-local-smollm2}
exec .venv/bin/python main.py \
    --module train_homo_fed --num_clients 3 --task RG_gcd \
    --test_engine "$model" --evaluation_engine "$model" \
    --rounds 2 --local_steps 1 --batch_size 2 --train_size 12 --val_size 16 --test_size 24 \
    --max_tokens 96 --comet_mode disabled "$@"
