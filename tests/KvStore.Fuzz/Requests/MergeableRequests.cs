namespace KvStore.Fuzz;

/// <summary>Valid requests about mergeable values.</summary>
internal static class MergeableRequests
{
    // A version that some value may have had, one that none has, and the empty one.
    private static readonly string[] Versions = ["AAA", "AAEBAAAAAAAAAAE", "AQA"];

    public static RequestParts Merge(Material material)
    {
        var request = new RequestParts { Method = "POST", Target = Target(material, out var type) };
        if (material.Once(3))
        {
            request.Add("Content-Type", "application/vnd.kvstore.delta+json");
            request.Body = material.Of(
                "{\"version\":\"AAA\"}",
                "{\"replica\":\"0123456789abcdef\",\"version\":\"AAEBAAAAAAAAAAE\"}",
                "{\"delta\":\"AQUBAgMEBQYHCAAAAA==\"}",
                "{\"replica\":\"0123456789abcdef\",\"version\":\"AAA\",\"delta\":\"AQEBAgMEBQYHCAAA\"}");
        }
        else
        {
            request.Add("Content-Type", "application/json");
            request.Body = Intent(material, type);
        }

        if (material.Once(2))
            request.AddQuery("type=" + type);
        if (material.Once(4))
            request.AddQuery("since=" + material.Of(Versions));
        if (material.Once(10))
            request.AddQuery("ttl=" + material.Duration());
        EntryRequests.AddConditions(request, material);
        EntryRequests.AddIdempotency(request, material);
        return request;
    }

    public static RequestParts Get(Material material, string method)
    {
        var request = new RequestParts { Method = method, Target = Target(material, out _) };
        if (material.Once(3))
            request.AddQuery("since=" + material.Of(Versions));
        if (material.Once(8))
            request.AddQuery($"revision={material.Revision()}");
        if (material.Once(3))
            request.Add("Accept", material.Of("application/json", "text/plain", "application/vnd.kvstore.delta+json", "*/*;q=0.1"));
        EntryRequests.AddConditions(request, material);
        return request;
    }

    // Most requests meet a value of their type, and some another entry.
    private static string Target(Material material, out string type)
    {
        type = material.Of("g-counter", "pn-counter", "g-set", "or-set", "text");
        return "/v1/crdt/" + (material.Once(8) ? material.Key() : $"{Material.Prefix}crdt/{type}/{material.Random.Next(4)}");
    }

    private static string Intent(Material material, string type) => type switch
    {
        "g-counter" => $"{{\"increment\":{material.Of("0", "1", "9223372036854775807")}}}",
        "pn-counter" => $"{{\"increment\":{material.Of("0", "-1", "5", "-9223372036854775808")}}}",
        "g-set" => $"{{\"add\":[\"{material.Random.Next(10)}\",\"\\u00e9\"]}}",
        "or-set" => $"{{\"add\":[\"{material.Random.Next(10)}\"],\"remove\":[\"{material.Random.Next(10)}\"]{material.Of("", ",\"context\":\"AAA\"")}}}",
        _ => $"{{\"edits\":[{{\"at\":0,\"insert\":\"{material.Of("a", "\\ud83d\\ude00", "\\n")}\"}},{{\"at\":{material.Of("0", "1", "9")},\"delete\":1}}]{material.Of("", ",\"base\":\"AAA\"")}}}",
    };
}
