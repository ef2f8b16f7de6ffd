#!/bin/sh
# Starts SGLang's OpenAI-compatible server, waits until it answers, and prints the option that uses it.
set -eu

usage() {
    cat <<'TEXT'
Usage: sh scripts/sglang_serve.sh [-h] [MODEL [PORT [GPU]]] [option of sglang.launch_server ...]

  MODEL  name on the Hugging Face hub, or a folder   (or $MODEL; meta-llama/Llama-3.1-8B-Instruct)
  PORT   (or $PORT; 30000)
  GPU    one or more, such as 0 or 0,1, or cpu       (or $GPU; 0)

More from the environment: DTYPE (auto; half for GPUs before Ampere), CONTEXT_LENGTH (the model's own),
HF_HUB_OFFLINE=1 to stay off the network. Stops with ctrl-C.
TEXT
}

case "${1:-}" in -h|--help) usage; exit 0 ;; esac
model=${1:-${MODEL:-meta-llama/Llama-3.1-8B-Instruct}}; [ $# -gt 0 ] && shift
port=${1:-${PORT:-30000}}; [ $# -gt 0 ] && shift
gpu=${1:-${GPU:-0}}; [ $# -gt 0 ] && shift
url=http://127.0.0.1:$port/v1

if [ "$gpu" = cpu ]; then
    export SGLANG_USE_CPU_ENGINE=1
    set -- --device cpu --attention-backend torch_native --sampling-backend pytorch "$@"
else
    export CUDA_VISIBLE_DEVICES="$gpu"
    set -- --tp-size "$(echo "$gpu" | tr ',' '\n' | wc -l | tr -d ' ')" "$@"
fi
[ -z "${CONTEXT_LENGTH:-}" ] || set -- "$@" --context-length "$CONTEXT_LENGTH"
python -m sglang.launch_server --model-path "$model" --host 127.0.0.1 --port "$port" --dtype "${DTYPE:-auto}" "$@" &
server=$!
trap 'kill "$server" 2>/dev/null' INT TERM EXIT

# /v1/models answers only when the model is loaded; /health earlier.
until python3 -c "import urllib.request; urllib.request.urlopen('$url/models', timeout=5)" 2>/dev/null; do
    kill -0 "$server" 2>/dev/null || { echo "SGLang ended before it answered: see above" >&2; exit 1; }
    sleep 2
done
echo "Ready. Use it with: SGLANG_BASE_URL=$url python main.py --test_engine sglang-$model"
wait "$server"
