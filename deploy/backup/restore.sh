#!/usr/bin/env bash
# Restores a backup of backup.sh into a running KvStore that is empty.
#
#   restore.sh FILE.ndjson.gz
#
#   KVSTORE_URL        the service                                                default http://localhost:8080
#   KVSTORE_KEY_FILE   a file with an API key that may read and write everything   default: no key
#
# The exit code is 0 only if every entry is stored, except those that have expired since.
set -euo pipefail

url=${KVSTORE_URL:-http://localhost:8080}
key_file=${KVSTORE_KEY_FILE:-}

fail() {
    echo "restore.sh: $*" >&2
    exit 1
}

[[ $# == 1 && -f $1 ]] || fail "Name the backup to restore: restore.sh FILE.ndjson.gz"
file=$(realpath "$1")
(cd "$(dirname "$file")" && sha256sum --check --quiet --strict "$file.sha256") || fail "$file is not what backup.sh wrote. Take another backup."

umask 077
headers=$(mktemp)
trap 'rm -f "$headers"' EXIT
[[ -z $key_file ]] || printf 'Authorization: Bearer %s\n' "$(<"$key_file")" >"$headers"

request() {
    curl --silent --show-error --fail-with-body --header @"$headers" "$@"
}

member() {
    sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" <<<"$2"
}

stored=$(member count "$(request "$url/v1/kv?count_only=true")")
[[ $stored == 0 ]] || fail "The store at $url has ${stored:-an unknown number of} entries. Restore into an empty one: start the service on a new data directory."

report=$(gunzip --stdout "$file" | request --request POST --upload-file - --header 'Content-Type: application/x-ndjson' "$url/v1/import") || fail "The import has failed: ${report:-no answer}. Start again with an empty store."
lines=$(gunzip --stdout "$file" | wc -l)
[[ $(member failed "$report") == 0 && $(($(member imported "$report") + $(member expired "$report"))) == "$lines" ]] || fail "Not every entry is stored: $report"
echo "$report"
