# Makes the tables of compare.sh out of its facts (name=value) and its results, one measurement a line:
# workload size connections contender round requests_per_second p50_us p99_us failures processor_us_per_request

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

# The median over the rounds of one contender's speed divided by another's in the same round.
function ratio(of, against,    list, n, round) {
    n = 0
    for (round = 1; round <= rounds; round++)
        if ((of, round) in speed && speed[against, round] > 0) list[++n] = speed[of, round] / speed[against, round]
    return n == 0 ? "" : sprintf("%.2f", median(list, n))
}

function grouped(number,    text, out) {
    text = sprintf("%.0f", number)
    while (length(text) > 3) { out = "," substr(text, length(text) - 2) out; text = substr(text, 1, length(text) - 3) }
    return text out
}

function milliseconds(microseconds) { return sprintf("%.2f", microseconds / 1000) }

function target(text, of, against, least, aim,    got) {
    got = ratio(of, against)
    if (got == "") return
    printf "| %s | %s | %s | %s | %s |\n", text, least, aim, got, got < least + 0 ? "missed" : got < aim + 0 ? "met" : "aim met"
}

END {
    title["get"] = "GET, hit"; title["miss"] = "GET, miss"; title["put-new"] = "PUT, new keys"; title["put-same"] = "PUT, same keys"
    title["mix"] = "95 % GET, 5 % PUT"; title["list"] = "list of 100"; title["entries"] = "GET, hit, any entry"
    name["floor"] = "bare Kestrel"; name["kvstore"] = "KvStore"; name["baseline"] = "KvStore, other build"
    name["webdis"] = "webdis + redis"; name["nginx"] = "nginx"; name["etcd"] = "etcd"
    name["few"] = "KvStore, fewer entries"; name["many"] = "KvStore, more entries"

    print ""
    printf "Run of %s: %s; %s; KvStore %s", fact["date"], fact["cpu"], fact["dotnet"], fact["kvstore"]
    for (peer in name) if (peer in fact && peer != "kvstore") printf "; %s", fact[peer]
    printf ".\n%d rounds; load of the machine when it began: %s. wrk ran on the same machine with %d threads; files were on %s.\n\n", fact["rounds"], fact["load"], fact["threads"], fact["files"]

    if (("wrk 1 64 floor", 1) in speed)
        printf "The bare constant was answered %s times a second to one thread of wrk and %s times to two.\n\n", grouped(median_of(speed, "wrk 1 64 floor")), grouped(median_of(speed, "wrk 2 64 floor"))

    print "| target | at least | aim | median ratio | |\n|---|---:|---:|---:|---|"
    target("GET hit against bare Kestrel", "get 100 64 kvstore", "get 100 64 floor", "0.92", "1.00")
    target("PUT of new keys against bare Kestrel", "put-new 100 64 kvstore", "put-new 100 64 floor", "0.88", "0.95")
    target("PUT of the same keys against bare Kestrel", "put-same 100 64 kvstore", "put-same 100 64 floor", "0.88", "0.95")
    target("GET hit against webdis + redis", "get 100 64 kvstore", "get 100 64 webdis", "1.30", "1.50")
    target("GET hit against a static file of nginx", "get 100 64 kvstore", "get 100 64 nginx", "0.85", "1.00")
    target("GET with more entries against 1,000 entries", "entries 100 64 many", "entries 100 64 few", "0.90", "0.97")
    print ""

    print "| workload | value | connections | who | requests/s, median | lowest to highest | of bare Kestrel | KvStore is | p50 ms | p99 ms | processor, us |"
    print "|---|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|"
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        split(row, part, " ")
        if (part[1] == "wrk") continue
        n = split(members[row], who, " ")
        order = "floor kvstore baseline webdis nginx etcd few many"
        n = split(order, who, " ")
        for (j = 1; j <= n; j++) {
            cell = row " " who[j]
            if (!(cell in count)) continue
            middle = median_of(speed, cell); from = low; to = high
            note = failures[cell] > 0 ? " FAILED (" failures[cell] ")" : ""
            against = who[j] == "kvstore" || who[j] == "many" ? "" : ratio(row " kvstore", cell)
            if (against != "") against = against "x"
            printf "| %s | %s | %s | %s%s | %s | %s to %s | %s | %s | %s | %s | %.1f |\n", title[part[1]], grouped(part[2]) " B", part[3], name[who[j]], note, \
                grouped(middle), grouped(from), grouped(to), who[j] == "floor" ? "" : ratio(cell, row " floor"), against, \
                milliseconds(median_of(p50, cell)), milliseconds(median_of(p99, cell)), median_of(processor, cell)
        }
    }
    print ""
}
