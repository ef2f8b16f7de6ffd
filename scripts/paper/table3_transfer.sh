#!/bin/sh
# Table 3: prompts trained centrally on a large model, tested on a small one.
set -eu
. "$(dirname "$0")/../lib/study.sh"
