#!/usr/bin/env bash
# Every check there is, from a fresh clone: packages, build, types, lint, tests on this host, tests in the guests.
# Goes on after a failure, so that one look shows all of them. The last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
export TEST_RESULTS=$PWD/.cache/test-results
rm -rf "$TEST_RESULTS"
mkdir -p "$TEST_RESULTS"

# required NAME COMMAND... - nothing after it makes sense when it fails.
required() {
  echo "== $1"
  "${@:2}" && return
  echo "failed: $1" >&2
  echo '0 passed, 1 failed'
  exit 1
}

broken=()
# checked NAME COMMAND... - remembers a failure and goes on.
checked() {
  echo "== $1"
  "${@:2}" || broken+=("$1")
}

# meanwhile NAME COMMAND... - the same beside what follows; `finished NAME` waits for it and shows what it said.
meanwhile() {
  "${@:2}" > "$TEST_RESULTS/$1.log" 2>&1 &
  beside[$1]=$!
}
declare -A beside=()
finished() {
  echo "== $1"
  wait "${beside[$1]}" || broken+=("$1")
  unset "beside[$1]"
  cat "$TEST_RESULTS/$1.log"
}
trap '((${#beside[@]} == 0)) || kill "${beside[@]}" 2> /dev/null' EXIT

if [[ ! node_modules/.package-lock.json -nt package-lock.json ]]; then
  required 'npm packages' npm ci --no-audit --no-fund
fi
required 'test tools' scripts/install-test-tools.sh
required 'build' npm run --silent build
types_and_lint() {
  local status=0
  npm run --silent typecheck || status=1
  npm run --silent lint || status=1
  return "$status"
}
# The two short guests mostly wait; the tests that come then are better off alone.
meanwhile 'types and lint' types_and_lint
checked 'tests in the short guests' test/vm/run-in-guest.sh small systemd
finished 'types and lint'
checked 'tests on this host' npm test --silent -- \
  --reporter=default --reporter=json --outputFile.json="$TEST_RESULTS/host.json"
checked 'tests in the long guest' test/vm/run-in-guest.sh bare

if ((${#broken[@]} > 0)); then printf 'failed: %s\n' "${broken[@]}"; fi
node scripts/sum-tests.js "$TEST_RESULTS" host vm-bare vm-small vm-systemd || broken+=('sum')
((${#broken[@]} == 0))
