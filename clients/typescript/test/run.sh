#!/usr/bin/env bash
# Builds the TypeScript client and runs its tests. Needs Node.js, npm, Chromium, and a service that was built (configuration Release).
#
#   clients/typescript/test/run.sh
#   KVSTORE_SERVER=artifacts/native/KvStore.Server clients/typescript/test/run.sh    with a native service
#   KVSTORE_TEST_SEED=7 clients/typescript/test/run.sh    repeats the random histories of a run, which prints its seed
#
# The results stay in artifacts/typescript.
set -euo pipefail
[[ -z "${KVSTORE_SERVER:-}" ]] || KVSTORE_SERVER="$(realpath "$KVSTORE_SERVER")"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
artifacts="$(cd ../.. && pwd)/artifacts/typescript"

rm -rf "$artifacts" dist
mkdir -p "$artifacts"
npm ci --silent
npm run --silent build

node --test --test-concurrency=2 --test-timeout=120000 \
    --test-reporter=spec --test-reporter-destination=stdout --test-reporter=tap --test-reporter-destination="$artifacts/results.tap" \
    test/*/*.test.mjs
