#!/usr/bin/env bash
# Starts KvStore with the settings of a shop, and the shop, which follows them. Ctrl+C ends both.
#
#   samples/configuration-service/run.sh [--port N] [--shop-port N] [--no-build]
#
# The ports are 8080 and 9000 unless given. KVSTORE_SERVER names another KvStore than the one of this repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
port=8080 shop_port=9000 build=1
while (($# > 0)); do
    case $1 in
    --port) port=$2; shift ;;
    --shop-port) shop_port=$2; shift ;;
    --no-build) build=0 ;;
    *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 1 ;;
    esac
    shift
done

kvstore=http://localhost:$port shop=http://localhost:$shop_port built=bin/${CONFIGURATION:-Release}/net10.0
program=${KVSTORE_SERVER:-../../src/KvStore.Server/$built/KvStore.Server.dll}
server=("$program")
[[ $program != *.dll ]] || server=(dotnet "$program")
if ((build)); then
    for project in ../../src/KvStore.Server .; do dotnet build -c Release -v quiet -clp:NoSummary "$project"; done
fi

processes=()
known=$(mktemp -d)
trap 'kill "${processes[@]}" 2>/dev/null || true; wait; rm -rf "$known"' EXIT
trap exit INT TERM

"${server[@]}" --engine memory --urls "$kvstore" --Serilog:MinimumLevel:Default Warning &
processes+=($!)
until curl -sf -o /dev/null "$kvstore/readyz"; do
    (($(jobs -r | wc -l) == 1)) || exit 1
    sleep 0.2
done

# In one transaction, so that no reader sees the one without the other.
curl -sf -o /dev/null --json '{"operations": [{"put": {"key": "config/shop/title", "text": "Kettles"}},
    {"put": {"key": "config/shop/limits", "json": {"orders": 100, "countries": ["NO", "SE"]}}}]}' "$kvstore/v1/txn"

dotnet "$built/ConfigurationService.dll" --urls "$shop" --kvstore "$kvstore" --known "$known/shop.json" &
processes+=($!)
until curl -sf -o /dev/null "$shop"; do
    (($(jobs -r | wc -l) == 2)) || exit 1
    sleep 0.2
done
echo "run.sh: ready. Open $shop."
wait "${processes[1]}"
