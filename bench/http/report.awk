# The tables of compare.sh. Goes with statistics.awk, which reads the facts and the results.

function target(text, of, against, least, aim,    got) {
    got = ratio(speed, of, against)
    if (got == "") return
    printf "| %s | %s | %s | %s | %s |\n", text, least, aim, got, got < least + 0 ? "missed" : got < aim + 0 ? "met" : "aim met"
}

END {
    title["get"] = "GET, hit"; title["miss"] = "GET, miss"; title["put-new"] = "PUT, new keys"; title["put-same"] = "PUT, same keys"
    title["mix"] = "95 % GET, 5 % PUT"; title["list"] = "list of 100"; title["entries"] = "GET, hit, any entry"

    if (fact["mode"] == "durable") name["kvstore"] = "KvStore, memory engine"

    introduce()
    if (("wrk 1 64 floor", 1) in speed)
        printf "The bare constant was answered %s times a second to one thread of wrk and %s times to two.\n\n", grouped(median_of(speed, "wrk 1 64 floor")), grouped(median_of(speed, "wrk 2 64 floor"))

    if (fact["mode"] != "durable") print "| target | at least | aim | median ratio | |\n|---|---:|---:|---:|---|"
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
        order = "flush floor disk kvstore baseline webdis durable nginx etcd few many"
        n = split(order, who, " ")
        subject = (row " disk") in count ? "disk" : "kvstore"
        for (j = 1; j <= n; j++) {
            cell = row " " who[j]
            if (!(cell in count)) continue
            middle = median_of(speed, cell); from = low; to = high
            note = failures[cell] > 0 ? " FAILED (" failures[cell] ")" : ""
            against = who[j] == subject || who[j] == "many" ? "" : ratio(speed, row " " subject, cell)
            if (against != "") against = against "x"
            printf "| %s | %s | %s | %s%s | %s | %s to %s | %s | %s | %s | %s | %.1f |\n", title[part[1]], grouped(part[2]) " B", part[3], name[who[j]], note, \
                grouped(middle), grouped(from), grouped(to), who[j] == "floor" ? "" : ratio(speed, cell, row " floor"), against, \
                milliseconds(median_of(p50, cell)), milliseconds(median_of(p99, cell)), median_of(processor, cell)
        }
    }
    print ""
}
