namespace KvStore.Server;

/// <summary>/v1/origins: how origins do; invalidating keys or a prefix of one, and loading keys.</summary>
internal sealed class OriginEndpoints(ServedOrigins origins, Store store, RequestBodies bodies, KvStoreOptions options)
{
    private const string Origins = "/v1/origins";
    private const string One = Origins + "/{name}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<OriginEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, Origins, endpoints.ListAsync, OriginApi.List);
        routes.Map(HttpMethods.Head, Origins, endpoints.ListAsync, OriginApi.List.AsHead("headOrigins"));
        routes.Map(HttpMethods.Get, One, endpoints.ReadAsync, OriginApi.Read);
        routes.Map(HttpMethods.Head, One, endpoints.ReadAsync, OriginApi.Read.AsHead("headOrigin"));
        routes.Map(HttpMethods.Post, One + "/invalidate", endpoints.InvalidateAsync, OriginApi.Invalidate);
        routes.Map(HttpMethods.Post, One + "/load", endpoints.LoadAsync, OriginApi.Load);
    }

    private async Task<Problem?> ListAsync(HttpContext context)
    {
        if (QueryParameters.TryGet(context, [], out _) is { } malformed)
            return malformed;
        var output = new JsonOutput(context, options);
        output.Json.WriteStartObject();
        output.Json.WriteStartArray("origins"u8);
        foreach (var origin in origins.All)
            OriginJson.Write(output.Json, origin, store.Latest);
        output.Json.WriteEndArray();
        output.Json.WriteEndObject();
        await output.FlushAsync();
        return null;
    }

    private async Task<Problem?> ReadAsync(HttpContext context)
    {
        ServedOrigin origin = null!;
        if ((QueryParameters.TryGet(context, [], out _) ?? TryFind(context, out origin)) is { } problem)
            return problem;
        var output = new JsonOutput(context, options);
        OriginJson.Write(output.Json, origin, store.Latest);
        await output.FlushAsync();
        return null;
    }

    private async Task<Problem?> InvalidateAsync(HttpContext context)
    {
        var (origin, body, problem) = await ReadBodyAsync(context, Rights.Write, takesPrefix: true);
        if (problem is not null)
            return problem;
        var transaction = body!.Prefix is { } prefix ? origin!.State.InvalidatePrefix(store.Latest, prefix) : origin!.State.Invalidate(body.Keys);
        return await WriteOutcome.AnswerAsync(context, await store.SubmitAsync(transaction), committed => new WriteAnswer(StatusCodes.Status200OK, committed.Revision)
        {
            ContentType = ContentTypes.Json,
            Body = Encoding.ASCII.GetBytes($$"""{"revision":{{committed.Revision}}}"""),
        });
    }

    // The right to read a key is enough: a read with no-cache has it loaded, too.
    private async Task<Problem?> LoadAsync(HttpContext context)
    {
        var (origin, body, problem) = await ReadBodyAsync(context, Rights.Read, takesPrefix: false);
        if (problem is not null)
            return problem;
        if (store.State != StoreState.Running)
            return StoreProblems.Loading(store);
        var begun = body!.Keys.Count(key => origin!.Options.HasSource && origin.Pool.TryRefresh(key, () => !origin.State.IsDirty(store.Latest, key)));
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.SetRevision(store.Latest.Revision);
        var output = new JsonOutput(context, options);
        output.Json.WriteStartObject();
        output.Json.WriteNumber("loading"u8, begun);
        output.Json.WriteNumber("refused"u8, body.Keys.Count - begun);
        output.Json.WriteEndObject();
        await output.FlushAsync();
        return null;
    }

    private async ValueTask<(ServedOrigin? Origin, OriginBody? Body, Problem? Problem)> ReadBodyAsync(HttpContext context, Rights rights, bool takesPrefix)
    {
        ServedOrigin origin = null!;
        if ((QueryParameters.TryGet(context, [], out _) ?? TryFind(context, out origin)) is { } problem)
            return (null, null, problem);
        using var received = await bodies.ReadJsonAsync(context);
        OriginBody? body = null;
        var unread = received.Problem ?? OriginBody.TryParse(received.Bytes, options, origin.State, Access.Of(context), rights, takesPrefix, out body);
        return (origin, body, unread);
    }

    private Problem? TryFind(HttpContext context, out ServedOrigin origin)
    {
        var name = (string)context.Request.RouteValues["name"]!;
        origin = origins.Find(name)!;
        return origin is null ? OriginProblems.NoSuchOrigin(name) : null;
    }
}
