# The tables of run.sh. Goes with bench/http/statistics.awk, which reads the facts and the results.

# goal WORKLOAD TEXT LEAST AIM: least and aim are requests a second, of those of the limit.
function goal(workload, text, at_least, at_best) { title[workload] = text; least[workload] = at_least; aim[workload] = at_best }

function amount(number) { return number < 100 ? sprintf("%.1f", number) : grouped(number) }

function delay(microseconds) { return microseconds > 0 ? milliseconds(microseconds) : "" }

function size_text(bytes) { return bytes == 1048576 ? "1 MiB" : bytes == 16384 ? "16 KiB" : bytes " B" }

END {
    name["limit"] = "the limit"; name["redis"] = "redis, RESP"; name["webdis"] = "redis by webdis"; name["etcd"] = "etcd's gateway"

    goal("list100", "list of 100 with values", "0.75", "0.90")
    goal("list100-json", "list of 100 with values that are JSON", "0.60", "0.75")
    goal("list1000", "list of 1,000 with values", "0.70", "0.85")
    goal("batch", "batch get of 100", "0.75", "0.90")
    goal("txn", "transaction of 10 puts", "0.60", "0.75")
    goal("count", "counter, one key", "0.80", "0.90")
    goal("patch", "merge patch of two members", "0.65", "0.80")
    goal("get16384", "GET", "0.90", "1.00"); goal("get1048576", "GET", "0.90", "1.00")
    goal("put16384", "PUT", "0.80", "0.95"); goal("put1048576", "PUT", "0.80", "0.95")
    goal("tls-get", "TLS, HTTP/1.1: GET", "0.90", "1.00"); goal("tls-put", "TLS, HTTP/1.1: PUT", "0.80", "0.90")
    goal("h2-get", "HTTP/2 with TLS: GET", "0.90", "1.00"); goal("h2-put", "HTTP/2 with TLS: PUT", "0.80", "0.90")
    goal("h2c-get", "HTTP/2 without TLS: GET", "0.90", "1.00"); goal("h2c-put", "HTTP/2 without TLS: PUT", "0.80", "0.90")
    goal("get100", "GET", "0.90", "1.00")
    goal("poll", "long poll, woken by a PUT", "0.75", "0.90")
    goal("import", "import, entries", "0.20", "0.30"); goal("export", "export, entries", "0.65", "0.80")

    printf "\nRun of %s: %s; %s; KvStore %s", fact["date"], fact["cpu"], fact["dotnet"], fact["kvstore"]
    for (peer in name) if (peer in fact && peer != "kvstore") printf "; %s", fact[peer]
    printf ".\n%d rounds; load of the machine when it began: %s. The load ran on the same machine with %d threads.\n\n", fact["rounds"], fact["load"], fact["threads"]

    print "| what | value | connections | of the limit | at least | aim | | processor, of the limit's |"
    print "|---|---:|---:|---:|---:|---:|---|---:|"
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        split(row, part, " ")
        if (!((row " limit") in count) || !((row " kvstore") in count)) continue
        got = ratio(speed, row " kvstore", row " limit")
        printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", title[part[1]], size_text(part[2]), part[3], got, least[part[1]], aim[part[1]], \
            got < least[part[1]] + 0 ? "missed" : got < aim[part[1]] + 0 ? "met" : "aim met", ratio(processor, row " kvstore", row " limit")
    }

    print "\n| what | value | connections | who | a second, median | lowest to highest | KvStore is | p50 ms | p99 ms | processor, us |"
    print "|---|---:|---:|---|---:|---:|---:|---:|---:|---:|"
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        split(row, part, " ")
        n = split("limit kvstore baseline webdis redis nginx etcd", who, " ")
        for (j = 1; j <= n; j++) {
            cell = row " " who[j]
            if (!(cell in count)) continue
            middle = median_of(speed, cell); from = low; to = high
            note = failures[cell] > 0 ? " FAILED (" failures[cell] ")" : ""
            against = who[j] == "kvstore" ? "" : ratio(speed, row " kvstore", cell)
            if (against != "") against = against "x"
            printf "| %s | %s | %s | %s%s | %s | %s to %s | %s | %s | %s | %s |\n", title[part[1]], size_text(part[2]), part[3], name[who[j]], note, \
                amount(middle), amount(from), amount(to), against, delay(median_of(p50, cell)), delay(median_of(p99, cell)), sprintf("%.1f", median_of(processor, cell))
        }
    }
    print ""
}
