namespace KvStore.Fuzz;

/// <summary>Valid requests about one entry.</summary>
internal static class EntryRequests
{
    private const string Path = "/v1/kv/";

    public static RequestParts Put(Material material)
    {
        var isLarge = material.Once(50);
        var request = new RequestParts { Method = "PUT", Target = Path + (isLarge ? material.LargeKey() : material.Key()), Body = isLarge ? material.LargeValue() : material.SmallValue() };
        if (material.Once(8))
            (request.Target, request.Body) = (Path + material.JsonKey(), material.Json());
        if (material.Once(2))
            request.Add("Content-Type", material.ContentType());
        if (material.Once(4))
            request.AddQuery("ttl=" + material.Duration());
        AddConditions(request, material);
        AddIdempotency(request, material);
        return request;
    }

    public static RequestParts Get(Material material, string method)
    {
        var request = new RequestParts { Method = method, Target = Path + (material.Once(20) ? material.LargeKey() : material.Key()) };
        if (material.Once(5))
        {
            request.AddQuery("wait=" + material.Of("0", "1ms", "20ms"));
            request.Waits = true;
        }

        request.Target += Joined(request, material.Query($"revision={material.Revision()}", "consistency=" + material.Of("local", "linearizable"), $"min_revision={material.Revision()}"));
        AddConditions(request, material);
        if (material.Once(10))
            request.Add("If-Modified-Since", material.Date());
        return request;
    }

    public static RequestParts Patch(Material material)
    {
        var request = new RequestParts { Method = "PATCH", Target = Path + (material.Once(3) ? material.Key() : material.JsonKey()) };
        if (material.Once(3))
        {
            request.AddQuery("ttl=" + material.Duration());
        }
        else
        {
            request.Add("Content-Type", "application/merge-patch+json");
            request.Body = material.Once(2) ? material.Json() : $"{{\"{material.Of("a", "b", "\\u00e9")}\":{material.Json()}}}";
        }

        AddConditions(request, material);
        AddIdempotency(request, material);
        return request;
    }

    public static RequestParts Delete(Material material)
    {
        var request = new RequestParts { Method = "DELETE", Target = Path + material.Key() };
        AddConditions(request, material);
        AddIdempotency(request, material);
        return request;
    }

    public static RequestParts Append(Material material)
    {
        var request = new RequestParts { Method = "POST", Target = Path + Material.Prefix + material.Of("log/", "log/a/", "log//"), Body = material.SmallValue() };
        if (material.Once(2))
            request.AddQuery("ttl=" + material.Of("1", "2", "5"));
        AddIdempotency(request, material);
        return request;
    }

    public static RequestParts Add(Material material)
    {
        var request = new RequestParts { Method = "POST", Target = "/v1/counters/" + (material.Once(6) ? material.Key() : material.CounterKey()) };
        request.Target += material.Query("by=" + material.Of("1", "-1", "0", "9223372036854775807", "-9223372036854775808", "1000"), "ttl=" + material.Duration());
        AddConditions(request, material);
        AddIdempotency(request, material);
        return request;
    }

    public static void AddIdempotency(RequestParts request, Material material)
    {
        if (material.Once(5))
            request.Add("Idempotency-Key", material.Once(4) ? material.Of("again", "again2") : $"{material.Random.NextInt64():x}");
        if (material.Once(20))
            request.Add("KvStore-Store-Id", material.Once(5) ? "0123456789abcdef" : material.Landmarks.StoreId);
    }

    public static void AddConditions(RequestParts request, Material material)
    {
        if (material.Once(6))
            request.Add(material.Of("If-Match", "If-None-Match"), material.ETag());
        if (material.Once(20))
            request.Add("If-Unmodified-Since", material.Date());
    }

    private static string Joined(RequestParts request, string query) =>
        query.Length > 0 && request.Target.Contains('?', StringComparison.Ordinal) ? "&" + query[1..] : query;
}
