# The tables of run.sh. Goes with statistics.awk, which reads the facts and the results; the third file has one line for each of the other measurements.

FILENAME == ARGV[3] { key = $1 " " $2; for (i = 3; i <= NF; i++) other[key, i - 2] = $i ; next }

END {
    name["plain"] = "KvStore, ordinary entries"; name["cached"] = "KvStore, entries of an origin"; name["varnish"] = "Varnish"
    introduce()
    row = "hit 100 64 "
    print "| hits of 100 B, 64 connections | requests/s, median | lowest to highest | KvStore's cache is | p50 ms | p99 ms | processor, us |"
    print "|---|---:|---:|---:|---:|---:|---:|"
    n = split("cached plain nginx varnish", who, " ")
    for (j = 1; j <= n; j++) {
        cell = row who[j]
        middle = median_of(speed, cell); from = low; to = high
        printf "| %s | %s | %s to %s | %s | %s | %s | %.1f |\n", name[who[j]], grouped(middle), grouped(from), grouped(to), \
            who[j] == "cached" ? "" : ratio(speed, row "cached", cell) "x", milliseconds(median_of(p50, cell)), milliseconds(median_of(p99, cell)), median_of(processor, cell)
    }
    print ""
    print "| | KvStore | nginx | Varnish |"
    print "|---|---:|---:|---:|"
    line("a miss, origin of 5 ms: p50 / p99 ms", "misses", "1 / 2")
    line("1,000 readers of one absent key, origin of 50 ms: calls of the origin", "herd", "3")
    line("until the last of them has the value, ms", "herd", "2")
    line("a key that is stale every second, origin of 300 ms: p50 / p99 / longest ms", "refresh", "1 / 2 / 3")
    line("calls of the origin for it in 6 seconds", "refresh", "5")
    line("the origin is dead, 3 seconds of reads of a stale key: p50 / p99 / longest ms", "stale", "1 / 2 / 3")
    line("reads of it that failed", "stale", "4")
    print ""
    print "| 100 keys in one request, origin of 50 ms, 32 workers | p50 ms | p99 ms | of the limit, 200 ms |"
    print "|---|---:|---:|---:|"
    fan("100 users at once, the first time in a process", "first")
    fan("100 users at once, pool of 2 workers", "cold")
    fan("100 users at once, pool of 32 workers", "warm")
    fan("one user", "alone")
    print ""
}

function line(text, what, form,    j, who, n) {
    printf "| %s |", text
    n = split("cached nginx varnish", who, " ")
    for (j = 1; j <= n; j++) printf " %s |", filled(form, what " " who[j])
    print ""
}

function filled(form, key,    part, n, i, text) {
    n = split(form, part, " / ")
    for (i = 1; i <= n; i++) text = text (i > 1 ? " / " : "") other[key, part[i]]
    return text
}

function fan(text, which) { printf "| %s | %s | %s | %.2fx |\n", text, other["fan " which, 1], other["fan " which, 2], other["fan " which, 2] / 200 }
