# What the scripts of this folder say, and where. Sourced, not run.

say() { printf '%s\n' "$*" >&2; }
fail() { say "${0##*/}: $*"; exit 1; }

# publish PLACE FILE [DOCUMENT]: puts the file between the two comments of docs/performance.md, or of another document, that name the place.
publish() {
    local document="docs/${3:-performance.md}"
    awk -v report="$2" -v place="$1" '
        index($0, "<!-- " place " begin -->") { print; while ((getline line < report) > 0) print line; skipping = 1; next }
        index($0, "<!-- " place " end -->") { skipping = 0 }
        !skipping' "$root/$document" >"$scratch/document.md"
    cp "$scratch/document.md" "$root/$document"
    ! command -v node >/dev/null || node "$root/bench/surface/summary.mjs"
    say "written into $document"
}

machine() { echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), Linux $(uname -r)"; }
runtime() { echo ".NET $(dotnet --list-runtimes | sed -n 's/^Microsoft.AspNetCore.App \([^ ]*\).*/\1/p' | tail -n 1)"; }

# The commit that is measured.
revision() {
    local version
    version=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
    [[ -z $(git -C "$root" status --porcelain -- src 2>/dev/null) ]] || version="$version with changes"
    echo "$version"
}
