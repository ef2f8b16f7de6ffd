#!/bin/sh
# Starts Ollama if it does not run yet, pulls a model, and prints the option that uses it.
set -eu

usage() {
    cat <<'TEXT'
Usage: sh scripts/ollama_serve.sh [-h] [MODEL [PORT [GPU]]]

  MODEL  name in Ollama's library, with or without tag  (or $MODEL; llama3.1)
  PORT   (or $PORT; 11434)
  GPU    one or more, such as 0 or 0,1, or cpu          (or $GPU; whatever Ollama finds)

More from the environment, as Ollama knows them: OLLAMA_CONTEXT_LENGTH (8192 here: longer chats are cut silently),
OLLAMA_NUM_PARALLEL (4 here), OLLAMA_KEEP_ALIVE (-1 here: never unloads). They only matter to a server that this
script starts. Stops with ctrl-C.
TEXT
}

case "${1:-}" in -h|--help) usage; exit 0 ;; esac
model=${1:-${MODEL:-llama3.1}}
port=${2:-${PORT:-11434}}
gpu=${3:-${GPU:-}}
export OLLAMA_HOST="127.0.0.1:$port"
export OLLAMA_CONTEXT_LENGTH="${OLLAMA_CONTEXT_LENGTH:-8192}" OLLAMA_NUM_PARALLEL="${OLLAMA_NUM_PARALLEL:-4}"
export OLLAMA_KEEP_ALIVE="${OLLAMA_KEEP_ALIVE:--1}"
case "$gpu" in "") ;; cpu) export CUDA_VISIBLE_DEVICES=-1 ;; *) export CUDA_VISIBLE_DEVICES="$gpu" ;; esac

command -v ollama >/dev/null || { echo "ollama is not installed: see https://ollama.com/download" >&2; exit 1; }
server=
if ! ollama list >/dev/null 2>&1; then
    ollama serve &
    server=$!
    trap 'kill "$server" 2>/dev/null' INT TERM EXIT
    until ollama list >/dev/null 2>&1; do
        kill -0 "$server" 2>/dev/null || { echo "Ollama ended before it answered: see above" >&2; exit 1; }
        sleep 1
    done
fi
ollama pull "$model"
echo "Ready. Use it with: OLLAMA_BASE_URL=http://127.0.0.1:$port/v1 python main.py --test_engine ollama-$model"
[ -z "$server" ] || wait "$server"
