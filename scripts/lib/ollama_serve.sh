#!/bin/sh
# Start Ollama if it is not running, pull a model, and print the command that uses it.
set -eu

usage() {
    cat <<'TEXT'
Usage: sh scripts/lib/ollama_serve.sh [-h] [MODEL [PORT [GPU]]]

  MODEL  name in Ollama's library, with or without tag  (or $MODEL; llama3.1)
  PORT   (or $PORT; 11434)
  GPU    one or more, such as 0 or 0,1, or cpu          (or $GPU; Ollama's choice)

Environment; the first three apply only to a server that this script starts:
  OLLAMA_CONTEXT_LENGTH  tokens of a request plus its reply, per parallel request; Ollama silently truncates longer
                         requests (8192 here; Ollama's own default may be 4096)
  OLLAMA_NUM_PARALLEL    requests answered at once (4 here; Ollama's own default is 1)
  OLLAMA_KEEP_ALIVE      how long an idle model stays loaded (-1 here: for ever; Ollama's own default is 5 minutes)
  OFFLINE                1: use no network; MODEL must have been pulled before
Ollama's precision is that of the model's tag. Stop with ctrl-C.
TEXT
}

case "${1:-}" in -h|--help) usage; exit 0 ;; esac
model=${1:-${MODEL:-llama3.1}}
port=${2:-${PORT:-11434}}
gpu=${3:-${GPU:-}}
. "$(dirname "$0")/serving.sh"
. "$(dirname "$0")/integer.sh"
require_integer PORT "$port" 1 65535
export OLLAMA_HOST="127.0.0.1:$port"
export OLLAMA_CONTEXT_LENGTH="${OLLAMA_CONTEXT_LENGTH:-8192}" OLLAMA_NUM_PARALLEL="${OLLAMA_NUM_PARALLEL:-4}"
require_integer OLLAMA_CONTEXT_LENGTH "$OLLAMA_CONTEXT_LENGTH" 1 100000000
require_integer OLLAMA_NUM_PARALLEL "$OLLAMA_NUM_PARALLEL" 1 1024
export OLLAMA_KEEP_ALIVE="${OLLAMA_KEEP_ALIVE:--1}"
case "$gpu" in "") ;; cpu) export CUDA_VISIBLE_DEVICES=-1 ;; *) export CUDA_VISIBLE_DEVICES="$gpu" ;; esac

command -v ollama >/dev/null || { echo "error: ollama is not installed: see https://ollama.com/download" >&2; exit 1; }
server=
if ! ollama list >/dev/null 2>&1; then
    ollama serve &
    server=$!
    trap 'stop_server; exit 0' INT TERM
    trap stop_server EXIT
    until ollama list >/dev/null 2>&1; do
        kill -0 "$server" 2>/dev/null || { echo "error: Ollama exited before it was ready: see above" >&2; exit 1; }
        sleep 1
    done
fi
if [ "${OFFLINE:-}" = 1 ]; then
    ollama show "$model" >/dev/null || {
        echo "error: $model has not been pulled: run this script once without OFFLINE=1" >&2
        exit 1
    }
else
    ollama pull "$model"
fi
print_use OLLAMA "http://127.0.0.1:$port/v1" "ollama-$model"
[ -z "$server" ] || wait "$server"
