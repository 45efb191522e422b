#!/usr/bin/env bash
# suite.sh FLAVOUR [VITEST-OPTIONS...] - inside the guest: one vitest process for all suites of a flavour, because
# starting it takes ten seconds of emulated time. The results are left in /vmout/results.json.
set -uo pipefail
flavour=$1
shift
results=$(mktemp -d)/results.json
node node_modules/vitest/vitest.mjs run --project vm "test/vm/$flavour/" --no-isolate \
  --reporter=verbose --reporter=json --outputFile.json="$results" "$@"
status=$?
cat "$results" > /vmout/results.json
exit "$status"
