#!/usr/bin/env bash
# Starts KvStore, and serves a page for a chat. Ctrl+C ends both.
#
#   samples/chat/run.sh [--port N] [--page-port N] [--data DIRECTORY] [--no-build]
#
# The ports are 8080 and 9000 unless given. Without --data what was said is in memory. KVSTORE_SERVER names another KvStore than the one of this repository.
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

kvstore=http://localhost:$port page=http://localhost:$page_port
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

node serve.mjs "$page_port" "$kvstore" &
processes+=($!)

# The page comes from another address than KvStore's, so its origin has to be allowed.
"${server[@]}" "${store[@]}" --urls "$kvstore" --KvStore:AllowedOrigins "$page" --Serilog:MinimumLevel:Default Warning &
processes+=($!)

until curl -sf -o /dev/null "$kvstore/readyz" && curl -sf -o /dev/null "$page/"; do
    (($(jobs -r | wc -l) == 2)) || exit 1
    sleep 0.2
done
echo "run.sh: ready. Open $page/#ada and $page/#ben side by side."
wait -n
