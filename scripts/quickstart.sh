#!/bin/sh
# Install into .venv, then train a prompt with a small LLM on this machine. Needs no API key and no GPU.
#     sh scripts/quickstart.sh [argument of main.py ...]
# MODEL: any local- engine in place of Qwen2.5-0.5B-Instruct, which is downloaded (0.5 GB). This one has 0.8 GB:
#     MODEL=local-bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M sh scripts/quickstart.sh
# MODEL=local-smollm2 downloads nothing: it replays recorded runs, then trains SmolLM2-135M.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
exec .venv/bin/python -m scripts.quickstart "$@"
