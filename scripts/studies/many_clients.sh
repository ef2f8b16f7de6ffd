#!/bin/sh
# Three to a hundred clients, on tasks with enough questions.
set -eu
. "$(dirname "$0")/../lib/study.sh"
