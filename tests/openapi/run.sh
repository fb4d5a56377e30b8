#!/usr/bin/env bash
# Holds the OpenAPI document of a running service against the specification, a linter, a client that is generated from it, and
# Swagger UI in a browser. Needs Node.js, npm, Chromium and openssl, and a service that was built (configuration Release).
#
#   tests/openapi/run.sh
#   KVSTORE_SERVER=artifacts/native/KvStore.Server tests/openapi/run.sh    with a native service
#
# What it made (the document, screenshots, results) stays in artifacts/openapi.
set -euo pipefail
service="${KVSTORE_SERVER:+$(realpath "$KVSTORE_SERVER")}"
cd "$(dirname "${BASH_SOURCE[0]}")"
exec </dev/null
repository="$(cd ../.. && pwd)"
artifacts="$repository/artifacts/openapi"
command=("$service")
if [[ -z "$service" ]]; then
    service="$repository/src/KvStore.Server/bin/Release/net10.0/KvStore.Server.dll"
    command=(dotnet "$service")
fi
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true NO_COLOR=1

if ! node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)'; then
    echo "tests/openapi/run.sh: Node.js $(node --version) is too old; 20.19 or later is needed." >&2
    exit 1
fi
if [[ ! -f "$service" ]]; then
    echo "tests/openapi/run.sh: the service is not built. Run: dotnet build src/KvStore.Server --configuration Release" >&2
    exit 1
fi

rm -rf "$artifacts" generated
mkdir -p "$artifacts" generated
npm ci --silent

processes=()
trap 'kill "${processes[@]}" 2>/dev/null; wait 2>/dev/null || true' EXIT

# Starts a service and sets $url. The first argument is its name, the others are its own.
start() {
    local log="$artifacts/$1.log" tries
    # Here, because the process that is started makes the file only once it runs.
    : >"$log"
    "${command[@]}" "${@:2}" >"$log" 2>&1 &
    processes+=($!)
    for ((tries = 0; tries < 600; tries++)); do
        url="$(sed -n 's/.* serves \(https\{0,1\}:[^: ]*:[0-9]*\).*/\1/p' "$log" | head -1)"
        [[ -z "$url" ]] || return 0
        kill -0 "${processes[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    echo "tests/openapi/run.sh: the service did not start:" >&2
    cat "$log" >&2
    exit 1
}

start service --urls http://127.0.0.1:0 --engine memory
KVSTORE_URL="$url"

# As a new user has it: the default engine, and nothing in it.
start fresh --urls http://127.0.0.1:0 --data "$artifacts/data"
KVSTORE_FRESH_URL="$url"

# As in a container behind nothing: with a first key, and TLS.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$artifacts/tls.key" -out "$artifacts/tls.crt" 2>/dev/null
start secure --urls https://127.0.0.1:0 --data "$artifacts/secure" --KvStore:FirstKey true \
    --Kestrel:Certificates:Default:Path "$artifacts/tls.crt" --Kestrel:Certificates:Default:KeyPath "$artifacts/tls.key"
KVSTORE_SECURE_URL="$url"
export KVSTORE_URL KVSTORE_FRESH_URL KVSTORE_SECURE_URL KVSTORE_ARTIFACTS="$artifacts" KVSTORE_DOCUMENT="$artifacts/v1.json"

# The client is generated and compiled here: a document that gives no client that compiles fails before any test.
curl --silent --show-error --fail "$KVSTORE_URL/openapi/v1.json" --output "$KVSTORE_DOCUMENT"
node_modules/.bin/openapi-typescript "$KVSTORE_DOCUMENT" --output generated/api.ts
node_modules/.bin/tsc --project tsconfig.json

node --test --test-concurrency=1 --test-timeout=300000 \
    --test-reporter=spec --test-reporter-destination=stdout --test-reporter=tap --test-reporter-destination="$artifacts/results.tap" \
    document.test.mjs generated/js/client.test.js tryout.test.mjs browser.test.mjs hostile.test.mjs secure.test.mjs
