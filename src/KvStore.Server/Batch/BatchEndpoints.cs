namespace KvStore.Server;

/// <summary>POST of /v1/batch/get: many entries of one snapshot by their keys. With <c>wait</c>, those of origins are loaded first, all at once.</summary>
internal sealed class BatchEndpoints(Reads reads, OriginFanOut fanOut, RequestBodies bodies, LargeAnswers answers, KvStoreOptions options)
{
    /// <summary>How long to wait for what is loaded.</summary>
    public const string WaitParameter = "wait";

    private static readonly string[] Parameters = [.. Reads.Parameters, WaitParameter];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<BatchEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Post, "/v1/batch/get", endpoints.GetAsync, BatchApi.Get);
    }

    private async Task<Problem?> GetAsync(HttpContext context)
    {
        List<Key> keys = [];
        List<FanOutPart> parts = [];
        var revision = 0L;
        ReadRequest request = default;
        TimeSpan? wait = null;
        var problem = QueryParameters.TryGet(context, Parameters, out var parameters)
            ?? Reads.TryGet(parameters, out request)
            ?? parameters.TryGetDuration(WaitParameter, options.WaitMax, out wait);
        if (problem is null && wait is not null && request.Revision is not null)
            problem = Problems.MalformedRequest("Nothing is loaded into the state at a revision. Omit revision or wait.", WaitParameter);
        if (problem is null)
            (keys, problem) = await ReadKeysAsync(context);
        if (problem is not null)
            return problem;
        if (wait is { } longest && ContentTypes.AcceptsLines(context.Request))
            return await StreamAsync(context, request, keys, longest);
        var loads = wait is { } time ? await fanOut.LoadAsync(context, request, keys, time) : null;
        problem = TryFind(await reads.TakeAsync(request, context), keys, loads, out revision, out parts);
        return problem ?? await AnswerAsync(context, revision, keys, parts, hasWaited: loads is not null);
    }

    private async Task<Problem?> AnswerAsync(HttpContext context, long revision, List<Key> keys, List<FanOutPart> parts, bool hasWaited)
    {
        if (!answers.TryBegin(parts.ConvertAll(part => part.Entry), out var charge))
            return LargeAnswers.Refusal();
        using (charge)
            await WriteAsync(context, revision, keys, parts, hasWaited);
        return null;
    }

    // A line for each entry, as soon as it is there, and one for the rest.
    private async Task<Problem?> StreamAsync(HttpContext context, ReadRequest request, List<Key> keys, TimeSpan wait)
    {
        var loads = new FanOutLoads();
        var parts = new Dictionary<Key, FanOutPart>();
        JsonOutput? output = null;
        await foreach (var some in fanOut.StreamAsync(context, request, keys, wait, loads))
        {
            if (TryAdd(context, await reads.TakeAsync(request, context), some, loads, parts) is { } problem && output is null)
                return problem;
            output ??= new JsonOutput(context, options, ContentTypes.Lines, isOneLine: true);
            foreach (var key in some)
            {
                if (parts.GetValueOrDefault(key).Entry is not { } entry)
                    continue;
                if (!answers.TryBegin([entry], out var charge))
                {
                    parts[key] = new FanOutPart(null, IsPending: false, LargeAnswers.Refusal());
                    continue;
                }

                using (charge)
                    await WriteLineAsync(output, entry);
            }

            await output.FlushAsync();
        }

        List<Key> asked = [.. keys.Distinct()];
        WriteRest(context, output!.Json, asked, asked.ConvertAll(key => parts.TryGetValue(key, out var part) ? part : new FanOutPart(null, IsPending: true, null)));
        output.EndLine();
        await output.FlushAsync();
        return null;
    }

    // Not async: otherwise the snapshot would stay in memory until the client has the lines.
    private Problem? TryAdd(HttpContext context, Reads.Taken taken, IReadOnlyList<Key> keys, FanOutLoads loads, Dictionary<Key, FanOutPart> parts)
    {
        if (taken.Problem is not null)
            return taken.Problem;
        if (!context.Response.HasStarted)
            context.Response.SetRevision(taken.Snapshot!.Revision);
        foreach (var key in keys)
            parts[key] = fanOut.PartOf(taken.Snapshot!, key, loads);
        return null;
    }

    private static async ValueTask WriteLineAsync(JsonOutput output, Entry entry)
    {
        await EntryJson.WriteAsync(output, entry, withValue: true);
        output.EndLine();
        await output.FlushIfFullAsync();
    }

    private static void WriteRest(HttpContext context, Utf8JsonWriter json, List<Key> keys, List<FanOutPart> parts)
    {
        json.WriteStartObject();
        WriteKeys(json, "missing"u8, keys, parts, part => part is { Entry: null, IsPending: false, Problem: null });
        WriteKeys(json, "pending"u8, keys, parts, part => part.IsPending);
        WriteErrors(json, context.Request.PathBase, keys, parts);
        json.WriteEndObject();
    }

    private async ValueTask<(List<Key> Keys, Problem? Problem)> ReadKeysAsync(HttpContext context)
    {
        List<Key> keys = [];
        using var body = await bodies.ReadJsonAsync(context);
        var problem = body.Problem ?? BatchBody.TryParse(body.Bytes, options, Access.Of(context), out keys);
        return (keys, problem);
    }

    // Not async: otherwise the snapshot would stay in memory until the client has the answer.
    private Problem? TryFind(Reads.Taken taken, List<Key> keys, FanOutLoads? loads, out long revision, out List<FanOutPart> parts)
    {
        (revision, parts) = (0, []);
        if (taken.Problem is { } problem)
            return problem;
        var snapshot = taken.Snapshot!;
        revision = snapshot.Revision;
        parts = keys.ConvertAll(key => loads is null ? new FanOutPart(snapshot.Find(key), IsPending: false, null) : fanOut.PartOf(snapshot, key, loads));
        var bytes = parts.Sum(part => part.Entry?.Bytes ?? 0);

        // A single entry is always allowed, as it is by GET.
        return keys.Count > 1 && bytes > options.PageBytesMax ? Problems.BatchTooLarge(bytes, options.PageBytesMax) : null;
    }

    private async Task WriteAsync(HttpContext context, long revision, List<Key> keys, List<FanOutPart> parts, bool hasWaited)
    {
        context.Response.SetRevision(revision);
        var output = new JsonOutput(context, options);
        var json = output.Json;
        json.WriteStartObject();
        json.WriteNumber("revision"u8, revision);
        json.WriteStartArray("items"u8);
        foreach (var part in parts)
        {
            if (part.Entry is { } current)
                await EntryJson.WriteAsync(output, current, withValue: true);
        }

        json.WriteEndArray();
        WriteKeys(json, "missing"u8, keys, parts, part => part is { Entry: null, IsPending: false, Problem: null });
        if (hasWaited)
        {
            WriteKeys(json, "pending"u8, keys, parts, part => part.IsPending);
            WriteErrors(json, context.Request.PathBase, keys, parts);
        }

        json.WriteEndObject();
        await output.FlushAsync();
    }

    private static void WriteKeys(Utf8JsonWriter json, ReadOnlySpan<byte> name, List<Key> keys, List<FanOutPart> parts, Predicate<FanOutPart> isIn)
    {
        json.WriteStartArray(name);
        for (var i = 0; i < keys.Count; i++)
        {
            if (isIn(parts[i]))
                json.WriteStringValue(keys[i].Utf8);
        }

        json.WriteEndArray();
    }

    private static void WriteErrors(Utf8JsonWriter json, PathString pathBase, List<Key> keys, List<FanOutPart> parts)
    {
        json.WriteStartArray("errors"u8);
        for (var i = 0; i < keys.Count; i++)
        {
            if (parts[i].Problem is not { } problem)
                continue;
            json.WriteStartObject();
            json.WriteString("key"u8, keys[i].Utf8);
            json.WriteString("type"u8, $"{pathBase}{Problem.Page}#{problem.Slug}");
            json.WriteString("detail"u8, problem.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
