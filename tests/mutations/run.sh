#!/usr/bin/env bash
# Plants one bug at a time into a copy of the tree and runs the tests that must catch it.
#
#   tests/mutations/run.sh            all mutations
#   tests/mutations/run.sh NAME...    these mutations
#
# Each mutation is a line of core.mutations, for src/KvStore, of log.mutations, for src/KvStore.Storage, of etcd.mutations, for src/KvStore.Etcd,
# of origins.mutations, for src/KvStore.Origins, of crdt.mutations, for src/KvStore.Crdt, of mergeable.mutations, for src/KvStore.Mergeable, or of access.mutations, for src/KvStore.Server: its name, the file below that folder, a regular expression that must match exactly once, the replacement, and a class of
# the project's tests, separated by tabs. None is empty; a space stands for no replacement. Prints caught or MISSED for each; fails if one is
# missed.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- --create) | tar --extract --directory="$copy"
exec </dev/null
build() { dotnet build "$copy/$1" "${@:2}" --configuration Release --nologo --verbosity quiet -p:TreatWarningsAsErrors=false -p:EnforceCodeStyleInBuild=false -p:RunAnalyzers=false >"$copy/build.log" 2>&1; }

missed=0 ran=0
for list in core:KvStore log:KvStore.Storage etcd:KvStore.Etcd origins:KvStore.Origins crdt:KvStore.Crdt mergeable:KvStore.Mergeable access:KvStore.Server; do
    project="${list#*:}" tests="" names=("$@")
    while IFS=$'\t' read -r name file pattern replacement class <&3; do
        [[ -n "$name" && "$name" != \#* ]] || continue
        [[ ${#names[@]} == 0 || " ${names[*]} " == *" $name "* ]] || continue
        ((ran += 1))
        if [[ -z "$tests" ]]; then
            build "tests/$project.Tests" || { tail -n 20 "$copy/build.log"; exit 1; }
            tests="$copy/tests/$project.Tests/bin/Release/net10.0"
        fi

        source="$copy/src/$project/$file"
        cp "$source" "$copy/original"
        if ! FROM="$pattern" TO="$replacement" perl -0pi -e 'my ($from, $to) = @ENV{"FROM", "TO"}; $n = s{$from}{my @g = ("", $1, $2); (my $t = $to) =~ s{\\n}{\n}g; $t =~ s{\$(\d)}{$g[$1] // ""}ge; $t}ge; END { exit($n == 1 ? 0 : 1) }' "$source"; then
            echo "BROKEN  $name: the expression does not match exactly once in $file"
            missed=$((missed + 1))
        elif ! build "src/$project" --no-restore --no-dependencies; then
            echo "BROKEN  $name: does not compile"
            grep -m 3 error "$copy/build.log" || true
            missed=$((missed + 1))
        elif cp "$copy/src/$project/bin/Release/net10.0/$project.dll" "$tests" &&
            timeout 300 "$tests/$project.Tests" -class "*.$class" -stopOnFail -noColor >"$copy/test.log" 2>&1; then
            echo "MISSED  $name"
            missed=$((missed + 1))
        elif failed="$(grep -o -m 1 'KvStore\.\(Storage\.\|Etcd\.\|Origins\.\|Crdt\.\|Mergeable\.\|Server\.\)\?Tests\.[A-Za-z_.]*' <(grep -F '[FAIL]' "$copy/test.log"))"; then
            echo "caught  $name: $failed"
        else
            echo "BROKEN  $name: the tests ended without a failed one: $(tail -n 1 "$copy/test.log")"
            missed=$((missed + 1))
        fi
        cp "$copy/original" "$source"
    done 3<"$copy/tests/mutations/${list%:*}.mutations"
done

echo "$ran mutations, $missed not caught"
((missed == 0 && ran > 0))
