#!/bin/sh
# Try a federation over Flower on this machine: start a SuperLink and one SuperNode per site, run once, stop everything.
#     sh scripts/flower/local.sh FOLDER --module train_homo_fed --task my.jsonl [argument of main.py ...]
# FOLDER receives the sites' data and all logs of Flower; the results go to logs/ (--log_dir) as usual.
set -eu
cd "$(dirname "$0")/../.."
. scripts/flower/common.sh

export_shards "$@"
superlink --insecure
write_connection 'insecure = true'
while IFS= read -r name; do
    site "$name" --insecure
done <"$work/sites"
run "$@"
