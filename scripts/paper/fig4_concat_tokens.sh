#!/bin/sh
# Figure 4: length and price of concatenated prompts.
set -eu
. "$(dirname "$0")/../lib/study.sh"
