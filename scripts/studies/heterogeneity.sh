#!/bin/sh
# Summarization and UID over degrees of heterogeneity between clients.
set -eu
. "$(dirname "$0")/../lib/study.sh"
