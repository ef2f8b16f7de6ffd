#!/bin/sh
# Start vLLM's OpenAI-compatible server, wait until it is ready, and print the command that uses it.
set -eu

usage() {
    cat <<'TEXT'
Usage: sh scripts/vllm_serve.sh [-h] [MODEL [PORT [GPU]]] [option of vLLM's server ...]

  MODEL  name on the Hugging Face hub, or a folder   (or $MODEL; meta-llama/Llama-3.1-8B-Instruct)
  PORT   (or $PORT; 8000)
  GPU    one or more, such as 0 or 0,1, or cpu       (or $GPU; 0)

Environment:
  NAME            model name shown to clients (MODEL)
  DTYPE           precision (auto; half on GPUs older than Ampere, which lack bfloat16; on a CPU use float32: with
                  bfloat16 an answer depends on the other requests in the batch)
  MAX_MODEL_LEN   tokens of a request plus its reply (the model's maximum, which may exceed the memory)
  VLLM_API_KEY    key required of clients; main.py reads the same variable
  HF_HUB_OFFLINE  1: use no network; MODEL must be a folder or already in the cache
  PYTHON          Python of the environment in which vLLM is installed (python)
Stop with ctrl-C.
TEXT
}

case "${1:-}" in -h|--help) usage; exit 0 ;; esac
model=${1:-${MODEL:-meta-llama/Llama-3.1-8B-Instruct}}; [ $# -gt 0 ] && shift
port=${1:-${PORT:-8000}}; [ $# -gt 0 ] && shift
gpu=${1:-${GPU:-0}}; [ $# -gt 0 ] && shift
. "$(dirname "$0")/lib/serving.sh"
. "$(dirname "$0")/lib/integer.sh"
require_integer PORT "$port" 1 65535
require_integer MAX_MODEL_LEN "${MAX_MODEL_LEN:-1}" 1 100000000
require_free_port "$port" VLLM

if [ "$gpu" = cpu ]; then
    # By default the cache takes most of the memory, and compiling takes longer than a small run.
    export VLLM_CPU_KVCACHE_SPACE="${VLLM_CPU_KVCACHE_SPACE:-2}" VLLM_CPU_NUM_OF_RESERVED_CPU=0
    set -- --enforce-eager "$@"
else
    export CUDA_VISIBLE_DEVICES="$gpu"
    set -- --tensor-parallel-size "$(gpu_count "$gpu")" "$@"
fi
[ -z "${MAX_MODEL_LEN:-}" ] || set -- "$@" --max-model-len "$MAX_MODEL_LEN"
[ "${HF_HUB_OFFLINE:-}" != 1 ] || export TRANSFORMERS_OFFLINE=1 VLLM_NO_USAGE_STATS=1
# The `vllm` command of the CPU wheel is broken; the module works.
"${PYTHON:-python}" -m vllm.entrypoints.openai.api_server --model "$model" --served-model-name "${NAME:-$model}" \
    --host 127.0.0.1 --port "$port" --dtype "${DTYPE:-$(dtype_for "$gpu")}" "$@" &
wait_until_ready "$!" vLLM VLLM "$port" "vllm-api-${NAME:-$model}"
