using System.Text;

namespace KvStore.Fuzz;

/// <summary>Valid requests about several entries.</summary>
internal static class ManyRequests
{
    public static RequestParts List(Material material, string method)
    {
        var request = new RequestParts { Method = method };
        request.Target = material.Random.Next(6) switch
        {
            0 => $"/v1/kv?prefix={Material.Prefix}&count_only=true",
            1 => $"/v1/kv?cursor={material.Cursor()}&limit=10",
            2 => $"/v1/kv?delimiter=/&limit={material.Random.Next(1, 1001)}",
            _ => "/v1/kv" + material.Query("prefix=" + Material.Prefix + material.Of("", "1", "log/", "%C3%A4"), "after=" + material.Key(), $"limit={material.Random.Next(1, 50)}",
                "values=" + material.Of("true", "false", "1"), $"revision={material.Revision()}", "consistency=local"),
        };
        return request;
    }

    public static RequestParts DeletePrefix(Material material)
    {
        var request = new RequestParts { Method = "DELETE", Target = $"/v1/kv?prefix={Material.Prefix}{material.Of("log/", "large/", "1", "2", "none", "")}" };
        EntryRequests.AddIdempotency(request, material);
        return request;
    }

    public static RequestParts Transaction(Material material)
    {
        var guards = Enumerable.Range(0, material.Random.Next(3)).Select(_ => material.Once(2)
            ? $$"""{"key":"{{PlainKey(material)}}","exists":{{material.Of("true", "false")}}}"""
            : $$"""{"key":"{{PlainKey(material)}}","revision":{{material.Of("0", "1", $"{material.Revision()}")}}}""");
        var operations = Enumerable.Range(0, material.Once(20) ? 100 : material.Random.Next(1, 6)).Select(_ => Operation(material));
        var request = new RequestParts
        {
            Method = "POST",
            Target = "/v1/txn",
            Body = $$"""{"guards":[{{string.Join(',', guards)}}],"operations":[{{string.Join(',', operations)}}]}""",
        };
        request.Add("Content-Type", "application/json");
        EntryRequests.AddIdempotency(request, material);
        return request;
    }

    public static RequestParts BatchGet(Material material)
    {
        var request = new RequestParts
        {
            Method = "POST",
            Target = "/v1/batch/get" + material.Query($"revision={material.Revision()}", "consistency=local"),
            Body = $$"""{"keys":[{{string.Join(',', Enumerable.Range(0, material.Once(30) ? 1000 : material.Random.Next(1, 20)).Select(_ => $"\"{PlainKey(material)}\""))}}]}""",
        };
        request.Add("Content-Type", "application/json");
        return request;
    }

    public static RequestParts Export(Material material, string method) => new()
    {
        Method = method,
        Target = "/v1/export" + material.Query("prefix=" + Material.Prefix + material.Of("", "1"), $"revision={material.Revision()}", "consistency=local"),
    };

    public static RequestParts Import(Material material)
    {
        var lines = new StringBuilder();
        for (var i = material.Once(30) ? 500 : material.Random.Next(1, 10); i > 0; i--)
        {
            lines.Append($$"""{"key":"{{PlainKey(material)}}",{{Value(material)}}""");
            if (material.Once(4))
                lines.Append($",\"expires_at\":\"{material.Of("2099-12-31T23:59:59Z", "2001-01-01T00:00:00Z", "2099-01-01T12:00:00.5+09:00")}\"");
            lines.Append('}').Append(material.Of("\n", "\r\n", "\n\n"));
        }

        var request = new RequestParts { Method = "POST", Target = "/v1/import", Body = lines.ToString() };
        request.Add("Content-Type", "application/x-ndjson");
        if (material.Once(4))
            request.Add("Accept", "application/x-ndjson");
        return request;
    }

    private static string Operation(Material material) => material.Random.Next(5) switch
    {
        0 => $$$"""{"delete":{"key":"{{{PlainKey(material)}}}"}}""",
        1 => $$$"""{"get":{"key":"{{{PlainKey(material)}}}"}}""",
        2 => $$$"""{"move":{"from":"{{{PlainKey(material)}}}","to":"{{{PlainKey(material)}}}"}}""",
        _ => $$$"""{"put":{"key":"{{{PlainKey(material)}}}",{{{Value(material)}}}{{{material.Of("", ",\"ttl\":60", ",\"content_type\":\"text/css\"")}}}}}""",
    };

    private static string Value(Material material) => material.Random.Next(3) switch
    {
        0 => "\"json\":" + material.Json(),
        1 => "\"text\":" + material.Of("\"\"", "\"a\"", "\"\\u0001\\ud83d\\ude00\"", $"\"{new string('t', material.Random.Next(2000))}\""),
        _ => "\"base64\":" + material.Of("\"\"", "\"AP8=\"", "\"AAAA\""),
    };

    // As it stands in JSON: not percent-encoded.
    private static string PlainKey(Material material) => $"{Material.Prefix}{material.Random.Next(200)}";
}
