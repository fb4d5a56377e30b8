#!/usr/bin/env bash
# Starts KvStore, two workers and a producer of jobs, kills one worker in the middle of its work, and says what became of the jobs.
#
#   samples/job-queue/run.sh [--port N] [--jobs N] [--no-build]
#
# The port is 8080 unless given, and there are 20 jobs. KVSTORE_SERVER names another KvStore than the one of this repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
port=8080 jobs=20 build=1
while (($# > 0)); do
    case $1 in
    --port) port=$2; shift ;;
    --jobs) jobs=$2; shift ;;
    --no-build) build=0 ;;
    *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 1 ;;
    esac
    shift
done

kvstore=http://localhost:$port built=bin/${CONFIGURATION:-Release}/net10.0
program=${KVSTORE_SERVER:-../../src/KvStore.Server/$built/KvStore.Server.dll}
server=("$program")
[[ $program != *.dll ]] || server=(dotnet "$program")
if ((build)); then
    for project in ../../src/KvStore.Server .; do dotnet build -c Release -v quiet -clp:NoSummary "$project"; done
fi

processes=()
trap 'kill "${processes[@]}" 2>/dev/null || true; wait' EXIT
trap exit INT TERM

"${server[@]}" --engine memory --urls "$kvstore" --Serilog:MinimumLevel:Default Warning &
processes+=($!)
until curl -sf -o /dev/null "$kvstore/readyz"; do
    (($(jobs -r | wc -l) == 1)) || exit 1
    sleep 0.2
done

for name in ada ben; do
    dotnet "$built/JobQueue.dll" work "$kvstore" "$name" &
    processes+=($!)
done
dotnet "$built/JobQueue.dll" produce "$kvstore" "$jobs" &
producer=$!
processes+=("$producer")

# The lease of a job says which process has it. As soon as this one has some, it ends in the middle of them.
victim=${processes[1]}
until curl -s "$kvstore/v1/kv?prefix=queues/thumbnails/leases/&values=true" | grep -q "/$victim\""; do
    kill -0 "$producer" 2> /dev/null || break
    sleep 0.05
done
kill -KILL "$victim"
echo "run.sh: the worker ada was killed."
wait "$producer"
echo "run.sh: done."
