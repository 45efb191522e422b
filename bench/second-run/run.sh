#!/usr/bin/env bash
# run.sh - forty tasks with uneven curves twice in a guest with 2 GB, and the same in the simulator. Prints a table; fails
# when the second run, which knows what the first has shown, is not preempted less, or takes longer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export MEMSCHED_PEER_ROUNDS=1
exec test/vm/run-in-guest.sh uneven
