#!/bin/sh
# Starts vLLM's OpenAI-compatible server, waits until it answers, and prints the option that uses it.
set -eu

usage() {
    cat <<'TEXT'
Usage: sh scripts/vllm_serve.sh [-h] [MODEL [PORT [GPU]]] [option of vLLM's server ...]

  MODEL  name on the Hugging Face hub, or a folder   (or $MODEL; meta-llama/Llama-3.1-8B-Instruct)
  PORT   (or $PORT; 8000)
  GPU    one or more, such as 0 or 0,1, or cpu       (or $GPU; 0)

More from the environment:
  NAME            the model's name for clients; the model itself if absent
  DTYPE           auto (half where the GPU is older than Ampere and has no bfloat16; on a CPU, float32 is the only one
                  whose answers do not depend on what else is being answered)
  MAX_MODEL_LEN   tokens of a request and its reply; the model's own, which may not fit
  VLLM_API_KEY    asked of clients; main.py reads it from the same variable
  HF_HUB_OFFLINE  1 to stay off the network: the model must be a folder, or in the cache already
  PYTHON          of the environment that holds vLLM; python
Stops with ctrl-C.
TEXT
}

case "${1:-}" in -h|--help) usage; exit 0 ;; esac
model=${1:-${MODEL:-meta-llama/Llama-3.1-8B-Instruct}}; [ $# -gt 0 ] && shift
port=${1:-${PORT:-8000}}; [ $# -gt 0 ] && shift
gpu=${1:-${GPU:-0}}; [ $# -gt 0 ] && shift
. "$(dirname "$0")/serving.sh"
nobody_serves "$port" VLLM

if [ "$gpu" = cpu ]; then
    # Without a size its cache takes most of the memory; compiling takes longer than a small run.
    export VLLM_CPU_KVCACHE_SPACE="${VLLM_CPU_KVCACHE_SPACE:-2}" VLLM_CPU_NUM_OF_RESERVED_CPU=0
    set -- --enforce-eager "$@"
else
    export CUDA_VISIBLE_DEVICES="$gpu"
    set -- --tensor-parallel-size "$(count_of "$gpu")" "$@"
fi
[ -z "${MAX_MODEL_LEN:-}" ] || set -- "$@" --max-model-len "$MAX_MODEL_LEN"
[ "${HF_HUB_OFFLINE:-}" != 1 ] || export TRANSFORMERS_OFFLINE=1 VLLM_NO_USAGE_STATS=1
# The module, not the `vllm` command: that of the CPU wheel does not work.
"${PYTHON:-python}" -m vllm.entrypoints.openai.api_server --model "$model" --served-model-name "${NAME:-$model}" \
    --host 127.0.0.1 --port "$port" --dtype "${DTYPE:-$(dtype_for "$gpu")}" "$@" &
wait_until_ready "$!" vLLM VLLM "$port" "vllm-api-${NAME:-$model}"
