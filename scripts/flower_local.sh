#!/bin/sh
# A whole federation on this machine, for trying out: a SuperLink, a SuperNode for each site, one run, and all stopped.
#     sh scripts/flower_local.sh FOLDER --module train_homo_fed --task my.jsonl [arguments of main.py]
# FOLDER gets the sites' data, their logs and the SuperLink's; the results come to logs/ (--log_dir) as ever.
set -eu
cd "$(dirname "$0")/.."
. scripts/flower_common.sh

deal "$@"
superlink --insecure
export FLWR_HOME="$work/home"
mkdir -p "$FLWR_HOME"
printf '[superlink]\ndefault = "local"\n\n[superlink.local]\naddress = "127.0.0.1:%s"\ninsecure = true\n' "$port" \
    >"$FLWR_HOME/config.toml"
for name in $(sites); do
    site "$name" --insecure
done
run "$@"
