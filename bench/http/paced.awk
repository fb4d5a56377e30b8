# The table of compare.sh --paced. Goes with statistics.awk, which reads the facts and the results.

END {
    text["paced"] = "nothing"; text["paced+get"] = "GET at full rate"; text["paced+put-new"] = "PUT of new keys at full rate"
    introduce()
    print "| who | beside it | others/s | p50 ms | p99 ms | lowest to highest p99 | p99 is, of alone | p99 is, of beside GET |"
    print "|---|---|---:|---:|---:|---:|---:|---:|"
    split("floor kvstore baseline", who, " ")
    split("paced paced+get paced+put-new", beside, " ")
    for (i = 1; i in who; i++) for (j = 1; j in beside; j++) {
        cell = beside[j] " 100 8 " who[i]
        if (!(cell in count)) continue
        typical = median_of(p99, cell); from = low; to = high
        note = failures[cell] > 0 ? " FAILED (" failures[cell] ")" : ""
        printf "| %s%s | %s | %s | %s | %s | %s to %s | %s | %s |\n", name[who[i]], note, text[beside[j]], \
            (j == 1 ? "" : grouped(median_of(others, cell))), milliseconds(median_of(p50, cell)), milliseconds(typical), milliseconds(from), milliseconds(to), \
            (j == 1 ? "" : ratio(p99, cell, "paced 100 8 " who[i]) "x"), (j == 3 ? ratio(p99, cell, "paced+get 100 8 " who[i]) "x" : "")
    }
    print ""
}
