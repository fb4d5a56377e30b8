#!/usr/bin/env bash
# Starts three simulated vendors of hotel rates with a page that shows what happens, and KvStore with the vendors as its origins. Ctrl+C ends both.
#
#   samples/hotel-rates/run.sh [--port N] [--vendors-port N] [--no-build]
#
# The ports are 8080 and 9000 unless given. KVSTORE_SERVER names another KvStore than the one of this repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
port=8080 vendors_port=9000 build=1
while (($# > 0)); do
    case $1 in
    --port) port=$2; shift ;;
    --vendors-port) vendors_port=$2; shift ;;
    --no-build) build=0 ;;
    *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 1 ;;
    esac
    shift
done

kvstore=http://localhost:$port vendors=http://localhost:$vendors_port built=bin/${CONFIGURATION:-Release}/net10.0
program=${KVSTORE_SERVER:-../../src/KvStore.Server/$built/KvStore.Server.dll}
server=("$program")
[[ $program != *.dll ]] || server=(dotnet "$program")
if ((build)); then
    for project in ../../src/KvStore.Server .; do dotnet build -c Release -v quiet -clp:NoSummary "$project"; done
fi

processes=()
trap 'kill "${processes[@]}" 2>/dev/null || true; wait' EXIT
trap exit INT TERM

dotnet "$built/HotelRates.dll" --urls "$vendors" --kvstore "$kvstore" &
processes+=($!)

# The page comes from another address than KvStore's, so its origin has to be allowed.
"${server[@]}" --engine memory --urls "$kvstore" --KvStore:AllowedOrigins "$vendors" --Serilog:MinimumLevel:Default Warning \
    --KvStore:Origins:slow:Prefix rates/slow/ \
    --KvStore:Origins:slow:Http:Url "$vendors/slow/rates/{key}" \
    --KvStore:Origins:slow:Workers:Max 12 \
    --KvStore:Origins:batched:Prefix rates/batched/ \
    --KvStore:Origins:batched:Http:Url "$vendors/batched/rates?hotels={key}" \
    --KvStore:Origins:batched:Http:Batch:Url "$vendors/batched/rates?hotels={keys}" \
    --KvStore:Origins:batched:Http:Batch:KeysMax 10 \
    --KvStore:Origins:batched:Http:Batch:Items /rates \
    --KvStore:Origins:batched:Http:Batch:ItemKey /hotel \
    --KvStore:Origins:batched:Workers:Max 4 \
    --KvStore:Origins:flaky:Prefix rates/flaky/ \
    --KvStore:Origins:flaky:Http:Url "$vendors/flaky/rates/{key}" \
    --KvStore:Origins:flaky:Workers:Max 8 \
    --KvStore:Origins:flaky:Tokens:PerSecond 15 \
    --KvStore:Origins:flaky:Tokens:Burst 15 &
processes+=($!)

until curl -sf -o /dev/null "$kvstore/readyz" && curl -sf -o /dev/null "$vendors/about"; do
    (($(jobs -r | wc -l) == 2)) || exit 1
    sleep 0.2
done
echo "run.sh: ready. Open $vendors in a browser."
wait -n
