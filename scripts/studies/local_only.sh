#!/bin/sh
# Centralized, federated and local-only training on the paper's tasks.
set -eu
. "$(dirname "$0")/../lib/study.sh"
