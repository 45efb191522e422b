#!/usr/bin/env bash
# run.sh - bench:work-lost in a guest with pure cgroup v2, 2 GB and two processors.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
npm run --silent build
npx tsc -p bench/tsconfig.json
exec test/vm/guest/boot.sh -m 2048 -t 1800 -- node .cache/bench/bench/work-lost/main.js
