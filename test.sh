#!/usr/bin/env bash
# Runs every test of this repository. Needs the .NET SDK; installs by package name what else a test needs.
#
#   ./test.sh                                        everything
#   ./test.sh --filter FullyQualifiedName~KeyTests    options go to "dotnet test"
#
# The last line is "N passed, N failed". The exit code is 0 only if tests ran and none of them failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec </dev/null

# The SDK and NuGet keep their caches in the home directory and fail without one.
if [[ -z "${HOME:-}" || ! -d "$HOME" || ! -w "$HOME" ]]; then
    export HOME="$PWD/artifacts/home"
    mkdir -p "$HOME"
    echo "test.sh: there is no home directory to write to; using $HOME"
fi
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# A build server that outlives the script would keep the output pipe of a CI job open.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0

# need COMMAND PACKAGE...: makes sure that a command is there.
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null && return
    local as_root=()
    [[ "$(id -u)" == 0 ]] || as_root=(sudo -n)
    if ! command -v apt-get >/dev/null; then
        echo "test.sh: $command is missing, and there is no apt-get to install it with. Install $command and try again." >&2
        exit 1
    fi
    echo "test.sh: $command is missing; installing it with: ${as_root[*]} apt-get install $*"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
    hash -r
}

if ! command -v dotnet >/dev/null; then
    echo "test.sh: the .NET 10 SDK is missing: see https://dotnet.microsoft.com/download" >&2
    exit 1
fi
need curl curl
# For the disk that fails, which is written in C.
need gcc gcc libc6-dev
# For the examples in other languages: tests with the trait Needs=packages.
need python3 python3
need node nodejs
need go golang-go

results="$PWD/artifacts/test-results"
rm -rf "$results"
mkdir -p "$results"
dotnet build KvStore.sln --configuration Release

# counters FILE: prints passed, failed and skipped of a results file; zeros if it is missing or cut off.
counters() {
    awk 'match($0, /<Counters [^>]*>/) {
            line = substr($0, RSTART, RLENGTH)
            while (match(line, /[a-zA-Z]+="[0-9]+"/)) {
                split(substr(line, RSTART, RLENGTH), pair, "\"")
                sum[pair[1]] += pair[2]
                line = substr(line, RSTART + RLENGTH)
            }
        }
        END { print sum["passed="] + 0, sum["failed="] + sum["error="] + sum["timeout="] + sum["aborted="], sum["total="] - sum["executed="] }
    ' "$1" 2>/dev/null || echo 0 0 0
}

passed=0 failed=0 skipped=0
# One project after the other: the system tests measure times and share the processors with nobody.
for project in tests/*/*Tests.csproj; do
    name="$(basename "$project" .csproj)"
    echo
    echo "== $name"
    code=0
    dotnet test "$project" --configuration Release --no-build --nologo --results-directory "$results" \
        --logger "trx;LogFileName=$name.trx" --logger 'console;verbosity=minimal' \
        --blame-hang-timeout 4min --blame-hang-dump-type none "$@" || code=$?

    read -r project_passed project_failed project_skipped < <(counters "$results/$name.trx")
    if ((project_failed == 0 && code != 0)); then
        echo "test.sh: $name ended with code $code without naming a failed test; counted as one."
        project_failed=1
    elif ((project_passed + project_failed == 0 && $# == 0)); then
        echo "test.sh: no test of $name ran; counted as one failed test."
        project_failed=1
    fi
    ((passed += project_passed, failed += project_failed, skipped += project_skipped)) || true
done

# The OpenAPI document: the tools that it is for are not .NET's. Options for "dotnet test" leave it out.
if (($# == 0)); then
    echo
    echo "== openapi"
    need node nodejs
    need npm npm
    need chromium chromium
    code=0
    tests/openapi/run.sh || code=$?
    read -r openapi_passed openapi_failed < <(awk '/^# pass / { passed = $3 } /^# (fail|cancelled) / { failed += $3 } END { print passed + 0, failed + 0 }' artifacts/openapi/results.tap 2>/dev/null || echo 0 0)
    if ((openapi_failed == 0 && (code != 0 || openapi_passed == 0))); then
        echo "test.sh: the tests of the OpenAPI document ended with code $code without naming a failed test; counted as one."
        openapi_failed=1
    fi
    ((passed += openapi_passed, failed += openapi_failed)) || true
fi

echo
((skipped == 0)) || echo "test.sh: $skipped skipped"
((passed + failed > 0)) || echo "test.sh: no test ran, which is a failure."
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
