namespace KvStore.Fuzz;

/// <summary>Every operation of the service, with valid requests of it.</summary>
internal static class Routes
{
    public static readonly Route[] All =
    [
        new("PUT", "/v1/kv/{key}", 20, EntryRequests.Put),
        new("GET", "/v1/kv/{key}", 20, material => EntryRequests.Get(material, "GET")),
        new("HEAD", "/v1/kv/{key}", 4, material => EntryRequests.Get(material, "HEAD")),
        new("PATCH", "/v1/kv/{key}", 8, EntryRequests.Patch),
        new("DELETE", "/v1/kv/{key}", 6, EntryRequests.Delete),
        new("POST", "/v1/kv/{key}", 4, EntryRequests.Append),
        new("POST", "/v1/counters/{key}", 5, EntryRequests.Add),
        new("POST", "/v1/crdt/{key}", 6, MergeableRequests.Merge),
        new("GET", "/v1/crdt/{key}", 4, material => MergeableRequests.Get(material, "GET")),
        new("HEAD", "/v1/crdt/{key}", 1, material => MergeableRequests.Get(material, "HEAD")),
        new("GET", "/v1/kv", 8, material => ManyRequests.List(material, "GET")),
        new("HEAD", "/v1/kv", 2, material => ManyRequests.List(material, "HEAD")),
        new("DELETE", "/v1/kv", 3, ManyRequests.DeletePrefix),
        new("POST", "/v1/txn", 12, ManyRequests.Transaction),
        new("POST", "/v1/batch/get", 6, ManyRequests.BatchGet),
        new("GET", "/v1/export", 1, material => ManyRequests.Export(material, "GET")),
        new("HEAD", "/v1/export", 1, material => ManyRequests.Export(material, "HEAD")),
        new("POST", "/v1/import", 5, ManyRequests.Import),
        new("GET", "/v1/watch", 3, material => OtherRequests.Watch(material, "GET")),
        new("HEAD", "/v1/watch", 1, material => OtherRequests.Watch(material, "HEAD")),
        new("PUT", "/person/update", 4, OtherRequests.UpdatePerson),
        new("GET", "/person/get", 4, material => OtherRequests.GetPerson(material, "GET")),
        new("HEAD", "/person/get", 1, material => OtherRequests.GetPerson(material, "HEAD")),
        .. Management("/livez", 1),
        .. Management("/readyz", 1),
        .. Management("/v1/status", 1),
        .. Management("/v1/cluster", 1),
        .. Management("/v1/cluster/join", 1),
        new("DELETE", "/v1/cluster/replicas/{id}", 1, material => new RequestParts { Method = "DELETE", Target = "/v1/cluster/replicas/" + material.Of("unknown", "1f0e3dad99908345", "%00", "a%2Fb") }),
        .. Management("/v1/origins", 1),
        .. Management("/v1/regions", 1),
        new("GET", "/v1/origins/{name}", 1, material => new RequestParts { Method = "GET", Target = "/v1/origins/" + material.Of("acme", "%00", "a%2Fb") }),
        new("HEAD", "/v1/origins/{name}", 1, material => new RequestParts { Method = "HEAD", Target = "/v1/origins/" + material.Of("acme", "%00", "a%2Fb") }),
        new("POST", "/v1/origins/{name}/invalidate", 1, material => OtherRequests.OfOrigin(material, "invalidate")),
        new("POST", "/v1/origins/{name}/load", 1, material => OtherRequests.OfOrigin(material, "load")),
        new("GET", "/v1/origins/{name}/outbox", 1, material => OtherRequests.OfOutbox(material, "GET")),
        new("HEAD", "/v1/origins/{name}/outbox", 1, material => OtherRequests.OfOutbox(material, "HEAD")),
        new("DELETE", "/v1/origins/{name}/outbox", 1, material => OtherRequests.OfOutbox(material, "DELETE")),
        new("POST", "/v1/origins/{name}/outbox/retry", 1, material => OtherRequests.OfOrigin(material, "outbox/retry")),
        .. Management("/metrics", 1),
        new("POST", "/v1/admin/checkpoint", 0, _ => new RequestParts { Method = "POST", Target = "/v1/admin/checkpoint" }),
    ];

    /// <summary>What is served beside the operations of the document.</summary>
    public static readonly Route Beside = new("GET", "", 1, material => new RequestParts
    {
        Target = material.Of("/openapi/v1.json", "/swagger", "/swagger/index.html", "/docs", "/docs/http-api", "/", "/ui", "/ui/", "/ui/session", "/favicon.ico"),
        ChangesRoute = true,
    });

    private static readonly int TotalWeight = All.Sum(route => route.Weight) + Beside.Weight;

    /// <summary>A checkpoint writes everything anew, so it is far rarer than any weight says.</summary>
    private const int RequestsPerCheckpoint = 5000;

    public static Route Pick(Random random)
    {
        if (random.Next(RequestsPerCheckpoint) == 0)
            return All[^1];
        var at = random.Next(TotalWeight);
        foreach (var route in All)
        {
            at -= route.Weight;
            if (at < 0)
                return route;
        }

        return Beside;
    }

    private static Route[] Management(string path, int weight) =>
    [
        new("GET", path, weight, _ => new RequestParts { Target = path }),
        new("HEAD", path, weight, _ => new RequestParts { Method = "HEAD", Target = path }),
    ];
}
