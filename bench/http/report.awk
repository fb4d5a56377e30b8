# The tables of compare.sh. Goes with statistics.awk, which reads the facts and the results.

# A target for a ratio of two contenders of a row: it should not be below `least`, or not above it when `least` is above `aim`. Without `least`
# it is only reported.
function target(text, values, of, against, least, aim,    got, sign, spent) {
    got = ratio(values, of, against)
    if (got == "") return
    sign = least + 0 > aim + 0 ? -1 : 1
    spent = ratio(processor, of, against)
    printf "| %s | %s%s | %s | %s | %s | %s |\n", text, sign < 0 ? "at most " : "", least, aim, got, spent, \
        least == "" ? "" : sign * (got - least) < 0 ? "missed" : sign * (got - aim) < 0 ? "met" : "aim met"
}

# The way to commit that answered most in this row, by its median.
function best_limit(row,    list, i, best, most) {
    split("leader leader-once thread", list, " ")
    most = 0
    for (i = 1; i in list; i++) if ((row " " list[i]) in count && median_of(speed, row " " list[i]) > most) { best = row " " list[i]; most = middle }
    return best
}

function durable_targets(row, connections, least, aim,    subject, redis, best) {
    subject = row " disk"; redis = row " durable"
    target("durable PUT, " connections ", against webdis + redis with `appendfsync always`", speed, subject, redis, least, aim)
    if (row == "put-new 100 1") target("processor time of that", processor, subject, redis, "1.10", "0.90")
    if (row == "put-new 100 512") target("durable PUT, " connections ", against our memory engine", speed, subject, row " kvstore", "0.85", "0.95")
    best = best_limit(row)
    if (best != "") target("durable PUT, " connections ", against the " name[substr(best, length(row) + 2)], speed, subject, best, "0.92", "1.00")
    target("durable PUT, " connections ", against the other build", speed, subject, row " baseline")
}

END {
    title["get"] = "GET, hit"; title["miss"] = "GET, miss"; title["put-new"] = "PUT, new keys"; title["put-same"] = "PUT, same keys"
    title["mix"] = "95 % GET, 5 % PUT"; title["list"] = "list of 100"; title["entries"] = "GET, hit, any entry"

    if (fact["mode"] == "durable") { name["kvstore"] = "KvStore, memory engine"; name["baseline"] = "KvStore, other build, disk engine" }

    introduce()
    if (("wrk 1 64 floor", 1) in speed)
        printf "The bare constant was answered %s times a second to one thread of wrk and %s times to two.\n\n", grouped(median_of(speed, "wrk 1 64 floor")), grouped(median_of(speed, "wrk 2 64 floor"))

    print "| target | at least | aim | median ratio | ratio of processor time | |\n|---|---:|---:|---:|---:|---|"
    target("GET hit against bare Kestrel", speed, "get 100 64 kvstore", "get 100 64 floor", "0.96", "1.00")
    target("PUT of new keys against bare Kestrel", speed, "put-new 100 64 kvstore", "put-new 100 64 floor", "0.85", "0.92")
    target("PUT of new keys, p99 against that of bare Kestrel", p99, "put-new 100 64 kvstore", "put-new 100 64 floor", "1.60", "1.20")
    target("PUT of the same keys against bare Kestrel", speed, "put-same 100 64 kvstore", "put-same 100 64 floor", "0.85", "0.92")
    target("GET hit against webdis + redis", speed, "get 100 64 kvstore", "get 100 64 webdis", "1.30", "1.50")
    target("GET hit against a static file of nginx", speed, "get 100 64 kvstore", "get 100 64 nginx", "0.85", "1.00")
    target("GET with more entries against 1,000 entries", speed, "entries 100 64 many", "entries 100 64 few", "0.90", "0.97")
    if (fact["mode"] == "durable") {
        durable_targets("put-new 100 1", "1 connection", "1.40", "1.55")
        durable_targets("put-new 100 64", "64 connections", "1.08", "1.20")
        durable_targets("put-new 100 512", "512 connections", "1.03", "1.10")
    }
    if (fact["mode"] ~ /^(quick|default)$/) {
        target("GET hit against the other build", speed, "get 100 64 kvstore", "get 100 64 baseline")
        target("PUT of new keys against the other build", speed, "put-new 100 64 kvstore", "put-new 100 64 baseline")
    }
    print ""

    bare = fact["mode"] == "durable" ? "" : " of bare Kestrel |"
    print "| workload | value | connections | who | requests/s, median | lowest to highest |" bare " KvStore is | p50 ms | p99 ms | processor, us | KvStore's is |"
    print "|---|---:|---:|---|---:|---:|" (bare == "" ? "" : "---:|") "---:|---:|---:|---:|---:|"
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        split(row, part, " ")
        if (part[1] == "wrk") continue
        n = split("flush floor disk kvstore baseline webdis durable leader leader-once thread nginx etcd few many", who, " ")
        subject = (row " disk") in count ? "disk" : "kvstore"
        for (j = 1; j <= n; j++) {
            cell = row " " who[j]
            if (!(cell in count)) continue
            middle = median_of(speed, cell); from = low; to = high
            note = failures[cell] > 0 ? " FAILED (" failures[cell] ")" : ""
            itself = who[j] == subject || who[j] == "many"
            against = itself ? "" : ratio(speed, row " " subject, cell)
            if (against != "") against = against "x"
            if (bare != "") bare = " " (who[j] == "floor" ? "" : ratio(speed, cell, row " floor")) " |"
            printf "| %s | %s | %s | %s%s | %s | %s to %s |%s %s | %s | %s | %.1f | %s |\n", title[part[1]], grouped(part[2]) " B", part[3], name[who[j]], note, \
                grouped(middle), grouped(from), grouped(to), bare, against, milliseconds(median_of(p50, cell)), milliseconds(median_of(p99, cell)), \
                median_of(processor, cell), itself ? "" : ratio(processor, row " " subject, cell)
        }
    }
    print ""
}
