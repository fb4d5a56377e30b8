#!/usr/bin/env bash
# Checks the types of the console, and tests it in a browser against services of its own. Needs Node.js, npm, Chromium, and a service that was built
# (configuration Release) where npm was.
#
#   tests/console/run.sh
#   tests/console/run.sh status.test.mjs                                   one file of tests
#   KVSTORE_SERVER=artifacts/native/KvStore.Server tests/console/run.sh    with a native service
#
# The results stay in artifacts/console.
set -euo pipefail
[[ -z "${KVSTORE_SERVER:-}" ]] || KVSTORE_SERVER="$(realpath "$KVSTORE_SERVER")"
cd "$(dirname "${BASH_SOURCE[0]}")"
exec </dev/null
repository="$(cd ../.. && pwd)"
artifacts="$repository/artifacts/console"

rm -rf "$artifacts"
mkdir -p "$artifacts"
npm ci --silent --ignore-scripts
[[ -d "$repository/src/KvStore.Console/node_modules" ]] || npm ci --silent --ignore-scripts --prefix "$repository/src/KvStore.Console"
npm run --silent --prefix "$repository/src/KvStore.Console" check

tests=("$@")
((${#tests[@]} > 0)) || tests=(./*.test.mjs)
node --test --test-concurrency=1 --test-timeout=360000 \
    --test-reporter=spec --test-reporter-destination=stdout --test-reporter=tap --test-reporter-destination="$artifacts/results.tap" \
    "${tests[@]}"
