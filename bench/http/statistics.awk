# Reads the facts of compare.sh (name=value) and its results, one measurement a line:
# workload size connections contender round requests_per_second p50_us p99_us failures processor_us_per_request others_per_second

BEGIN {
    name["floor"] = "bare Kestrel"; name["kvstore"] = "KvStore"; name["baseline"] = "KvStore, other build"
    name["disk"] = "KvStore, disk engine"; name["durable"] = "webdis + redis, every write flushed"; name["flush"] = "a write and a flush, without HTTP"
    name["webdis"] = "webdis + redis"; name["nginx"] = "nginx"; name["etcd"] = "etcd"
    name["leader"] = "limit, leader"; name["leader-once"] = "limit, leader of one group"; name["thread"] = "limit, thread"
    name["few"] = "KvStore, fewer entries"; name["many"] = "KvStore, more entries"
}

FILENAME == ARGV[1] { at = index($0, "="); fact[substr($0, 1, at - 1)] = substr($0, at + 1); next }

{
    row = $1 " " $2 " " $3
    if (!(row in known)) { known[row] = 1; rows[++row_count] = row; members[row] = "" }
    cell = row " " $4
    if (!(cell in count)) members[row] = members[row] " " $4
    count[cell]++
    speed[cell, $5] = $6
    p50[cell, $5] = $7
    p99[cell, $5] = $8
    failures[cell] += $9
    processor[cell, $5] = $10
    others[cell, $5] = $11
    if ($5 > rounds) rounds = $5
}

# Sorts the numbers 1..n of `list` in place and returns the one in the middle.
function median(list, n,    i, j, value) {
    for (i = 2; i <= n; i++) {
        value = list[i]
        for (j = i - 1; j >= 1 && list[j] > value; j--) list[j + 1] = list[j]
        list[j + 1] = value
    }
    return n == 0 ? 0 : n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

function median_of(values, cell,    list, n, round) {
    n = 0
    for (round = 1; round <= rounds; round++) if ((cell, round) in values) list[++n] = values[cell, round]
    low = high = 0
    middle = median(list, n)
    if (n > 0) { low = list[1]; high = list[n] }
    return middle
}

# The median over the rounds of one contender's number divided by another's in the same round.
function ratio(values, of, against,    list, n, round) {
    n = 0
    for (round = 1; round <= rounds; round++)
        if ((of, round) in values && values[against, round] > 0) list[++n] = values[of, round] / values[against, round]
    return n == 0 ? "" : sprintf("%.2f", median(list, n))
}

function grouped(number,    text, out) {
    text = sprintf("%.0f", number)
    while (length(text) > 3) { out = "," substr(text, length(text) - 2) out; text = substr(text, 1, length(text) - 3) }
    return text out
}

function milliseconds(microseconds) { return sprintf("%.2f", microseconds / 1000) }

# What was measured, where and with what.
function introduce(    peer) {
    print ""
    printf "Run of %s: %s; %s; KvStore %s", fact["date"], fact["cpu"], fact["dotnet"], fact["kvstore"]
    for (peer in name) if (peer in fact && peer != "kvstore") printf "; %s", fact[peer]
    printf ".\n%d rounds; load of the machine when it began: %s. wrk ran on the same machine with %d threads; files were on %s.\n\n", fact["rounds"], fact["load"], fact["threads"], fact["files"]

}
