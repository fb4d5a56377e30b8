namespace KvStore.Fuzz;

/// <summary>Valid requests of watches, persons and origins.</summary>
internal static class OtherRequests
{
    private const int Persons = 100;

    // Numbers of seven digits: no entry that is meant to stay has one.
    private const int FirstPerson = 7_000_000;

    public static RequestParts Watch(Material material, string method)
    {
        var request = new RequestParts { Method = method, IsStream = method == "GET" };
        request.Target = "/v1/watch?" + material.Of("key=" + material.Key(), "prefix=" + Material.Prefix, "prefix=" + Material.Prefix + "log/")
            + material.Of("", "&values=false", "&initial=true", $"&after={material.Revision()}", $"&after={material.Landmarks.StoreId}.{material.Revision()}");
        if (material.Once(5))
            request.Add("Last-Event-ID", $"{material.Landmarks.StoreId}.{material.Revision()}");
        return request;
    }

    public static RequestParts UpdatePerson(Material material)
    {
        var request = new RequestParts
        {
            Method = "PUT",
            Target = "/person/update",
            Body = $$"""{"id":{{Person(material)}},"name":{{material.Of("\"a\"", "\"\"", "\"\\u00e9\"")}},"more":{{material.Json()}}}""",
        };
        request.Add("Content-Type", "application/json");
        EntryRequests.AddIdempotency(request, material);
        return request;
    }

    public static RequestParts GetPerson(Material material, string method)
    {
        var request = new RequestParts { Method = method, Target = "/person/get" };
        if (material.Once(2))
        {
            request.AddQuery($"id={Person(material)}");
        }
        else
        {
            request.Body = $$"""{"id":{{Person(material)}}}""";
            request.Add("Content-Type", "application/json");
        }

        return request;
    }

    /// <summary>Of an origin that the service does not have.</summary>
    public static RequestParts OfOrigin(Material material, string action)
    {
        var request = new RequestParts { Method = "POST", Target = $"/v1/origins/{material.Of("acme", "%00", "a%2Fb")}/{action}", Body = material.Of("{\"keys\":[\"a\"]}", "{\"prefix\":\"a\"}", "{}") };
        request.Add("Content-Type", "application/json");
        return request;
    }

    public static RequestParts OfOutbox(Material material, string method) => new()
    {
        Method = method,
        Target = $"/v1/origins/{material.Of("acme", "%00", "a%2Fb")}/outbox{material.Of("", "?state=parked", "?key=a", "?prefix=a", "?state=x&limit=-1&cursor=%00")}",
    };

    private static int Person(Material material) => FirstPerson + material.Random.Next(Persons);
}
