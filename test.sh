#!/usr/bin/env bash
# Runs every test of this repository. Needs the .NET SDK; says what else is missing and installs it by package name.
#
#   ./test.sh                                        everything; what starts the service starts the native program, which ships
#                                                    and is made first. Tests with the trait Program=both start the ordinary build too
#   ./test.sh --minimal                              what the SDK alone can run, with the ordinary build; installs nothing
#   ./test.sh --filter FullyQualifiedName~KeyTests    options go to "dotnet test"; with the ordinary build
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

full=$(($# == 0)) minimal=0
if [[ "${1:-}" == --minimal ]]; then
    minimal=1
    set -- --filter 'Needs!=packages' "${@:2}"
fi

if ! command -v dotnet >/dev/null; then
    echo "test.sh: the .NET 10 SDK is missing: see https://dotnet.microsoft.com/download" >&2
    exit 1
fi

# need COMMAND PACKAGE...: notes the packages of a command that is missing.
missing=() packages=()
need() {
    command -v "$1" >/dev/null && return
    missing+=("$1")
    packages+=("${@:2}")
}

# Tests with the trait Needs=packages.
need curl curl
need jq jq
# The disk that fails is written in C; gcc also links the native program.
need gcc gcc libc6-dev
# The metrics, the alerts and the dashboard: promtool comes with it.
need prometheus prometheus
# The examples in other languages.
need python3 python3
need node nodejs
need go golang-go
# The container image, and the Debian package.
need podman podman
need runc runc
need objdump binutils
need ip iproute2
# The configurations of load balancers, and the systemd units.
need haproxy haproxy
need nginx nginx
need caddy caddy
need systemd-analyze systemd
# The cluster that the etcd engine runs on.
need etcd etcd-server
need etcdctl etcd-client
# The databases that origins are: servers, and the library of SQLite, which comes with its program.
need "$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | tail -n 1)" postgresql
need mariadbd mariadb-server
need sqlite3 sqlite3
# The other store that the command line imports from, and the terminals that it is tested on.
need redis-server redis-server
need redis-cli redis-tools
need script bsdutils
need zsh zsh
# A clock that is wrong.
need faketime faketime
# The OpenAPI document, the files for containers, the TypeScript client and the console, whose tools are not .NET's.
if ((full)); then
    need npm npm
    need chromium chromium
    need openssl openssl
    need kubectl kubernetes-client
fi

if ((minimal)); then
    echo "test.sh: --minimal leaves out tests with the trait Needs=packages (curl, jq, gcc, Prometheus, Python, Node.js, Go, podman, HAProxy, nginx, Caddy, etcd, PostgreSQL, MariaDB, SQLite, Redis, faketime), the OpenAPI document's, those of Compose and Kubernetes, of the TypeScript client and of the console, and the native program."
elif ((${#missing[@]} > 0)); then
    as_root=()
    [[ "$(id -u)" == 0 ]] || as_root=(sudo -n)
    if ! command -v apt-get >/dev/null; then
        echo "test.sh: missing: ${missing[*]}; and there is no apt-get to install them with. Install them and try again, or run ./test.sh --minimal." >&2
        exit 1
    fi
    echo "test.sh: missing: ${missing[*]}; installing: ${as_root[*]} apt-get install ${packages[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
    hash -r
fi

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

# failures FILE: prints the name of each failed test of a results file, and what it said at first.
failures() {
    awk '/<UnitTestResult / {
            name = ""
            if (/ outcome="(Failed|Error|Timeout|Aborted)"/ && match($0, / testName="[^"]*"/)) name = substr($0, RSTART + 11, RLENGTH - 12)
        }
        name != "" && match($0, /<Message>.*/) {
            message = substr($0, RSTART + 9, 400)
            sub(/<\/Message>.*/, "", message)
            text = "  " name ": " message
            gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&#xD;/, "", text); gsub(/&amp;/, "\\&", text)
            print text
            name = ""
        }' "$1" 2>/dev/null || true
}

passed=0 failed=0 skipped=0 failures=""
# tests NAME PROJECT [OPTIONS]: runs the tests of a project.
tests() {
    local name=$1 project=$2
    shift 2
    echo
    echo "== $name"
    dotnet test "$project" --configuration Release --no-build --nologo --results-directory "$results" \
        --logger "trx;LogFileName=$name.trx" --logger 'console;verbosity=minimal' \
        --blame-hang-timeout 4min --blame-hang-dump-type none "$@"
}

# count NAME CODE: adds up what came of tests that ended with this code.
count() {
    local name=$1 code=$2 now_passed now_failed now_skipped
    read -r now_passed now_failed now_skipped < <(counters "$results/$name.trx")
    if ((now_failed == 0 && code != 0)); then
        echo "test.sh: $name ended with code $code without naming a failed test; counted as one."
        now_failed=1
    elif ((now_passed + now_failed == 0 && (full || minimal))); then
        echo "test.sh: no test of $name ran; counted as one failed test."
        now_failed=1
    fi
    ((now_failed == 0)) || failures+="$name:"$'\n'"$(failures "$results/$name.trx")"$'\n'
    ((passed += now_passed, failed += now_failed, skipped += now_skipped)) || true
}

# run NAME PROJECT [OPTIONS]: runs the tests of a project and adds up what came of them.
run() {
    local code=0
    tests "$@" || code=$?
    count "$1" "$code"
}

# run_node NAME SCRIPT: runs tests in Node.js, whose script leaves what came of them in artifacts/NAME/results.tap.
run_node() {
    local code=0 now_passed now_failed
    echo
    echo "== $1"
    "$2" || code=$?
    read -r now_passed now_failed < <(awk '/^# pass / { passed = $3 } /^# (fail|cancelled) / { failed += $3 } END { print passed + 0, failed + 0 }' "artifacts/$1/results.tap" 2>/dev/null || echo 0 0)
    if ((now_failed == 0 && (code != 0 || now_passed == 0))); then
        echo "test.sh: $1 ended with code $code without naming a failed test; counted as one."
        now_failed=1
    fi
    ((now_failed == 0)) || failures+="$1:"$'\n'"$(grep -E '^ *not ok ' "artifacts/$1/results.tap" 2>/dev/null || true)"$'\n'
    ((passed += now_passed, failed += now_failed)) || true
}

# Options leave out the native program: it takes longer to make than a few tests take. It is made beside tests that mostly wait, measure no times and do not need it.
native=""
if ((full)); then
    mkdir -p artifacts
    nice ./publish.sh >artifacts/publish.log 2>&1 &
    native=$!
fi
beside=(KvStore.Etcd.Tests KvStore.Client.Tests KvStore.Crdt.Tests KvStore.Mergeable.Tests KvStore.Origins.Tests)
for name in "${beside[@]}"; do run "$name" "tests/$name" "$@"; done
if ((full)); then
    echo
    echo "== native program"
    if wait "$native"; then
        export KVSTORE_SERVER="$PWD/artifacts/native/KvStore.Server" KVSTORE_CLI="$PWD/artifacts/native/kv"
    else
        echo "test.sh: the native program could not be made; counted as one failed test. The ordinary build is tested in its place."
        failures+="native program: it could not be made."$'\n'
        ((failed += 1))
    fi
    cat artifacts/publish.log
fi

# System tests that start clusters, containers and databases mostly wait and measure no times: they run beside other projects. The
# others measure times and share the processors with nobody.
waiting=""
if ((full)); then
    tests waiting-system tests/KvStore.SystemTests --filter Time=any >artifacts/waiting-system.log 2>&1 &
    waiting=$!
fi
for project in tests/*/*Tests.csproj; do
    name="$(basename "$project" .csproj)"
    [[ " ${beside[*]} KvStore.SystemTests " == *" $name "* ]] || run "$name" "$project" "$@"
done
if ((full)); then
    code=0
    wait "$waiting" || code=$?
    cat artifacts/waiting-system.log
    count waiting-system "$code"
    set -- --filter Time!=any
fi
run KvStore.SystemTests tests/KvStore.SystemTests "$@"

# Options for "dotnet test" leave out what is not its own.
if ((full)); then
    KVSTORE_SERVER="" run ordinary-system tests/KvStore.SystemTests --filter Program=both
    run_node openapi tests/openapi/run.sh
    run_node deploy tests/deploy/run.sh
    run_node typescript clients/typescript/test/run.sh
    run_node console tests/console/run.sh
fi

echo
[[ -z "$failures" ]] || printf 'test.sh: what failed, again:\n%s' "$failures"
((skipped == 0)) || echo "test.sh: $skipped skipped"
((passed + failed > 0)) || echo "test.sh: no test ran, which is a failure."
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
