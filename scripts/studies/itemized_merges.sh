#!/bin/sh
# Merges by instruction against summarization: what they keep, what is sent, and accuracy, for 3 to 30 clients.
set -eu
. "$(dirname "$0")/../lib/study.sh"
