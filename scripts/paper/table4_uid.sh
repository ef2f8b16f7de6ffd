#!/bin/sh
# Table 4: summarization and UID with one task per client.
set -eu
. "$(dirname "$0")/../lib/study.sh"
