#!/bin/sh
# Figure 3: centralized and federated training with different models, each in both roles.
set -eu
. "$(dirname "$0")/../lib/study.sh"
