#!/usr/bin/env bash
# Starts KvStore, and serves a page with notes that several browsers edit together, also offline. Ctrl+C ends both.
#
#   samples/shared-notes/run.sh [--port N] [--page-port N] [--data DIRECTORY] [--no-build]
#
# The ports are 8080 to 8082 and 9000 unless given. Without --data the notes are in memory. KVSTORE_SERVER names another KvStore than the one of this repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
port=8080 page_port=9000 build=1 store=(--engine memory)
while (($# > 0)); do
    case $1 in
    --port) port=$2; shift ;;
    --page-port) page_port=$2; shift ;;
    --data) store=(--data "$2"); shift ;;
    --no-build) build=0 ;;
    *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 1 ;;
    esac
    shift
done

# With HTTP/1.1 a browser has six connections to one address, and each value that it watches takes one in each of its windows. Therefore
# each of the three values has an address of its own. With TLS they are HTTP/2, and one address does.
kvstore=http://localhost:$port addresses=("$kvstore" "http://localhost:$((port + 1))" "http://localhost:$((port + 2))") page=http://localhost:$page_port
program=${KVSTORE_SERVER:-../../src/KvStore.Server/bin/${CONFIGURATION:-Release}/net10.0/KvStore.Server.dll}
server=("$program")
[[ $program != *.dll ]] || server=(dotnet "$program")
if ((build)); then
    [[ $program != *.dll ]] || dotnet build -c Release -v quiet -clp:NoSummary ../../src/KvStore.Server
    (cd ../../clients/typescript && npm ci --silent && npm run --silent build)
fi

processes=()
trap 'kill "${processes[@]}" 2>/dev/null || true; wait' EXIT
trap exit INT TERM

node serve.mjs "$page_port" "${addresses[@]}" &
processes+=($!)

# The page comes from another address than KvStore's, so its origin has to be allowed.
"${server[@]}" "${store[@]}" --urls "$(IFS=';' && echo "${addresses[*]}")" --KvStore:AllowedOrigins "$page" --Serilog:MinimumLevel:Default Warning &
processes+=($!)

until curl -sf -o /dev/null "$kvstore/readyz" && curl -sf -o /dev/null "$page/"; do
    (($(jobs -r | wc -l) == 2)) || exit 1
    sleep 0.2
done
echo "run.sh: ready. Open $page in two browsers."
wait -n
