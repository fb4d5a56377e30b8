namespace KvStore.Server;

/// <summary>POST of /v1/batch/get: many entries of one snapshot by their keys.</summary>
internal sealed class BatchEndpoints(Reads reads, RequestBodies bodies, LargeAnswers answers, KvStoreOptions options)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<BatchEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Post, "/v1/batch/get", endpoints.GetAsync, BatchApi.Get);
    }

    private async Task<Problem?> GetAsync(HttpContext context)
    {
        List<Key> keys = [];
        List<Entry?> entries = [];
        var revision = 0L;
        ReadRequest request = default;
        var problem = QueryParameters.TryGet(context, Reads.Parameters, out var parameters)
            ?? Reads.TryGet(parameters, out request);
        if (problem is null)
            (keys, problem) = await ReadKeysAsync(context);
        problem ??= TryFind(await reads.TakeAsync(request, context), keys, out revision, out entries);
        if (problem is null)
            return await AnswerAsync(context, revision, keys, entries);
        return problem;
    }

    private async Task<Problem?> AnswerAsync(HttpContext context, long revision, List<Key> keys, List<Entry?> entries)
    {
        if (!answers.TryBegin(entries, out var charge))
            return LargeAnswers.Refusal();
        using (charge)
            await WriteAsync(context, revision, keys, entries);
        return null;
    }

    private async ValueTask<(List<Key> Keys, Problem? Problem)> ReadKeysAsync(HttpContext context)
    {
        List<Key> keys = [];
        using var body = await bodies.ReadJsonAsync(context);
        var problem = body.Problem ?? BatchBody.TryParse(body.Bytes, options, Access.Of(context), out keys);
        return (keys, problem);
    }

    // Not async: otherwise the snapshot would stay in memory until the client has the answer.
    private Problem? TryFind(Reads.Taken taken, List<Key> keys, out long revision, out List<Entry?> entries)
    {
        (revision, entries) = (0, []);
        if (taken.Problem is { } problem)
            return problem;
        var snapshot = taken.Snapshot!;
        revision = snapshot.Revision;
        entries = keys.ConvertAll(snapshot.Find);
        var bytes = entries.Sum(entry => entry?.Bytes ?? 0);

        // A single entry is always allowed, as it is by GET.
        return keys.Count > 1 && bytes > options.PageBytesMax ? Problems.BatchTooLarge(bytes, options.PageBytesMax) : null;
    }

    private async Task WriteAsync(HttpContext context, long revision, List<Key> keys, List<Entry?> entries)
    {
        context.Response.SetRevision(revision);
        var output = new JsonOutput(context, options);
        var json = output.Json;
        json.WriteStartObject();
        json.WriteNumber("revision"u8, revision);
        json.WriteStartArray("items"u8);
        foreach (var entry in entries)
        {
            if (entry is { } current)
                await EntryJson.WriteAsync(output, current, withValue: true);
        }

        json.WriteEndArray();
        json.WriteStartArray("missing"u8);
        for (var i = 0; i < keys.Count; i++)
        {
            if (entries[i] is null)
                json.WriteStringValue(keys[i].Utf8);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await output.FlushAsync();
    }
}
