#!/bin/sh
# Start SGLang's OpenAI-compatible server, wait until it is ready, and print the command that uses it.
set -eu

usage() {
    cat <<'TEXT'
Usage: sh scripts/sglang_serve.sh [-h] [MODEL [PORT [GPU]]] [option of sglang.launch_server ...]

  MODEL  name on the Hugging Face hub, or a folder   (or $MODEL; meta-llama/Llama-3.1-8B-Instruct)
  PORT   (or $PORT; 30000)
  GPU    one or more, such as 0 or 0,1, or cpu       (or $GPU; 0)

Environment:
  NAME            model name shown to clients (MODEL); no colon, which SGLang reads as a LoRA adapter
  DTYPE           precision (auto; half on GPUs older than Ampere, which lack bfloat16)
  CONTEXT_LENGTH  tokens of a request plus its reply (the model's maximum, which may exceed the memory)
  SGLANG_API_KEY  key required of clients; main.py reads the same variable
  HF_HUB_OFFLINE  1: use no network; MODEL must be a folder or already in the cache
  PYTHON          Python of the environment in which SGLang is installed (python)
Stop with ctrl-C. SGLang's wheels are built for CUDA; scripts/lib/test_servers.sh shows how to run it on a CPU.
TEXT
}

case "${1:-}" in -h|--help) usage; exit 0 ;; esac
model=${1:-${MODEL:-meta-llama/Llama-3.1-8B-Instruct}}; [ $# -gt 0 ] && shift
port=${1:-${PORT:-30000}}; [ $# -gt 0 ] && shift
gpu=${1:-${GPU:-0}}; [ $# -gt 0 ] && shift
. "$(dirname "$0")/lib/serving.sh"
. "$(dirname "$0")/lib/integer.sh"
require_integer PORT "$port" 1 65535
require_integer CONTEXT_LENGTH "${CONTEXT_LENGTH:-1}" 1 100000000
require_free_port "$port" SGLANG

if [ "$gpu" = cpu ]; then
    export SGLANG_USE_CPU_ENGINE=1
    set -- --device cpu --attention-backend torch_native --sampling-backend pytorch "$@"
else
    export CUDA_VISIBLE_DEVICES="$gpu"
    set -- --tp-size "$(gpu_count "$gpu")" "$@"
fi
[ -z "${CONTEXT_LENGTH:-}" ] || set -- "$@" --context-length "$CONTEXT_LENGTH"
if [ -n "${SGLANG_API_KEY:-}" ]; then
    # Other users of the machine can read a process's arguments.
    key_folder=$(mktemp -d)
    printf 'api-key: "%s"\n' "$SGLANG_API_KEY" >"$key_folder/key.yaml"
    set -- "$@" --config "$key_folder/key.yaml"
fi
[ "${HF_HUB_OFFLINE:-}" != 1 ] || export TRANSFORMERS_OFFLINE=1
"${PYTHON:-python}" -m sglang.launch_server --model-path "$model" --served-model-name "${NAME:-$model}" \
    --host 127.0.0.1 --port "$port" --dtype "${DTYPE:-$(dtype_for "$gpu")}" "$@" &
wait_until_ready "$!" SGLang SGLANG "$port" "sglang-${NAME:-$model}"
