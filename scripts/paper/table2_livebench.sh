#!/bin/sh
# Table 2: centralized and federated training on LiveBench with GPT-4o.
set -eu
. "$(dirname "$0")/../lib/study.sh"
