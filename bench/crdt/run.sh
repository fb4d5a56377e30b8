#!/usr/bin/env bash
# Replays an editing trace by KvStore.Crdt, Yjs and Automerge, one after the other, and prints a table: milliseconds (the median of the rounds,
# and the first round, before the compiler has warmed up), the size of the saved state, and the memory that a loaded one takes.
#
#   bench/crdt/run.sh FILE [ROUNDS]     FILE is automerge-paper.json.gz of the public collection josephg/editing-traces
#
# Needs the .NET SDK, Node.js, npm and jq. What Automerge takes is in WebAssembly, where Node.js does not count it.
set -euo pipefail
file="$(realpath "$1")"
rounds="${2:-9}"
cd "$(dirname "${BASH_SOURCE[0]}")"
npm ci --no-audit --no-fund --silent
dotnet build --configuration Release --nologo --verbosity quiet
{
    dotnet bin/Release/net10.0/KvStore.TraceReplay.dll "$file" "$rounds"
    node --expose-gc replay.mjs yjs "$file" "$rounds"
    node --expose-gc replay.mjs automerge "$file" "$rounds"
} | jq -r '"| \(.library) | \(.replay) | \(.first) | \(.save) | \(.load) | \(.bytes) | \(if .memory then .memory / 1048576 * 10 | round / 10 else "" end) |"' | sed '1i | library | replay, ms | first, ms | save, ms | load, ms | bytes | memory, MiB |\n|---|---:|---:|---:|---:|---:|---:|'
