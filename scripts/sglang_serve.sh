#!/bin/sh
# Starts SGLang's OpenAI-compatible server, waits until it answers, and prints the option that uses it.
set -eu

usage() {
    cat <<'TEXT'
Usage: sh scripts/sglang_serve.sh [-h] [MODEL [PORT [GPU]]] [option of sglang.launch_server ...]

  MODEL  name on the Hugging Face hub, or a folder   (or $MODEL; meta-llama/Llama-3.1-8B-Instruct)
  PORT   (or $PORT; 30000)
  GPU    one or more, such as 0 or 0,1, or cpu       (or $GPU; 0)

More from the environment:
  NAME            the model's name for clients, without a colon (SGLang takes what follows one for a LoRA adapter);
                  the model itself if absent
  DTYPE           auto (half where the GPU is older than Ampere and has no bfloat16)
  CONTEXT_LENGTH  tokens of a request and its reply; the model's own, which may not fit
  SGLANG_API_KEY  asked of clients; main.py reads it from the same variable
  HF_HUB_OFFLINE  1 to stay off the network: the model must be a folder, or in the cache already
  PYTHON          of the environment that holds SGLang; python
Stops with ctrl-C. SGLang's wheels are made for CUDA: what runs it on a CPU is in scripts/test_servers.sh.
TEXT
}

case "${1:-}" in -h|--help) usage; exit 0 ;; esac
model=${1:-${MODEL:-meta-llama/Llama-3.1-8B-Instruct}}; [ $# -gt 0 ] && shift
port=${1:-${PORT:-30000}}; [ $# -gt 0 ] && shift
gpu=${1:-${GPU:-0}}; [ $# -gt 0 ] && shift
. "$(dirname "$0")/serving.sh"
nobody_serves "$port" SGLANG

if [ "$gpu" = cpu ]; then
    export SGLANG_USE_CPU_ENGINE=1
    set -- --device cpu --attention-backend torch_native --sampling-backend pytorch "$@"
else
    export CUDA_VISIBLE_DEVICES="$gpu"
    set -- --tp-size "$(count_of "$gpu")" "$@"
fi
[ -z "${CONTEXT_LENGTH:-}" ] || set -- "$@" --context-length "$CONTEXT_LENGTH"
if [ -n "${SGLANG_API_KEY:-}" ]; then
    # Not as an argument: every user of the machine could read it.
    private=$(mktemp -d)
    printf 'api-key: "%s"\n' "$SGLANG_API_KEY" >"$private/key.yaml"
    set -- "$@" --config "$private/key.yaml"
fi
[ "${HF_HUB_OFFLINE:-}" != 1 ] || export TRANSFORMERS_OFFLINE=1
"${PYTHON:-python}" -m sglang.launch_server --model-path "$model" --served-model-name "${NAME:-$model}" \
    --host 127.0.0.1 --port "$port" --dtype "${DTYPE:-$(dtype_for "$gpu")}" "$@" &
wait_until_ready "$!" SGLang SGLANG "$port" "sglang-${NAME:-$model}"
