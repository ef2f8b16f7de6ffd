#!/bin/sh
# Figure 8: surprisal of merged prompts under GPT-2.
set -eu
. "$(dirname "$0")/../lib/study.sh"
