#!/usr/bin/env bash
# Backs up every entry of a running KvStore: exports it, checks that the file is complete, and removes the oldest backups.
#
#   backup.sh                     for cron, or deploy/backup/kvstore-backup.timer
#
#   KVSTORE_URL        the service                                               default http://localhost:8080
#   KVSTORE_KEY_FILE   a file with an API key that may read everything            default: no key
#   KVSTORE_BACKUPS    where backups are kept; let another machine copy them      default /var/backups/kvstore
#   KVSTORE_KEEP       how many of them                                           default 14
#
# Prints the name of the new file. The exit code is 0 only if it is complete; an incomplete one is removed.
set -euo pipefail

url=${KVSTORE_URL:-http://localhost:8080}
backups=${KVSTORE_BACKUPS:-/var/backups/kvstore}
keep=${KVSTORE_KEEP:-14}
key_file=${KVSTORE_KEY_FILE:-}

fail() {
    echo "backup.sh: $*" >&2
    exit 1
}

[[ $keep =~ ^[1-9][0-9]*$ ]] || fail "KVSTORE_KEEP must be a number from 1 on. Given: $keep."

# The entries are nobody else's business.
umask 077
mkdir -p "$backups"
scratch=$(mktemp -d "$backups/.unfinished-XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# In a file, because arguments of a process can be seen by everyone on the machine.
[[ -z $key_file ]] || printf 'Authorization: Bearer %s\n' "$(<"$key_file")" >"$scratch/headers"
[[ -n $key_file ]] || : >"$scratch/headers"

request() {
    curl --silent --show-error --fail --header @"$scratch/headers" "$@"
}

# A broken export ends with an error of curl, and of this script.
request --dump-header "$scratch/answer" "$url/v1/export" | gzip >"$scratch/entries.gz" || fail "The export from $url has failed."
revision=$(tr -d '\r' <"$scratch/answer" | awk 'tolower($1) == "kvstore-revision:" { print $2 }')
[[ -n $revision ]] || fail "$url is not a KvStore: its export has no revision."

# What is on the disk, read back, has as many entries as the store had at that revision.
exported=$(gunzip --stdout "$scratch/entries.gz" | wc -l)
if stored=$(request "$url/v1/kv?count_only=true&revision=$revision" 2>/dev/null | sed -n 's/.*"count":\([0-9]*\).*/\1/p') && [[ -n $stored ]]; then
    [[ $exported == "$stored" ]] || fail "The export has $exported entries, and the store had $stored at revision $revision."
fi

name=kvstore-$(date -u +%Y%m%dT%H%M%SZ)-$revision.ndjson.gz
mv "$scratch/entries.gz" "$scratch/$name"
(cd "$scratch" && sha256sum "$name" >"$name.sha256")
sync "$scratch/$name" "$scratch/$name.sha256"
mv "$scratch/$name.sha256" "$scratch/$name" "$backups/"
sync "$backups"

# The names sort by time.
find "$backups" -maxdepth 1 -name 'kvstore-*.ndjson.gz' -printf '%f\n' | sort -r | tail -n +$((keep + 1)) | while read -r old; do
    rm -f "$backups/$old" "$backups/$old.sha256"
done
echo "$backups/$name"
