namespace KvStore.Server;

/// <summary>GET and HEAD of /v1/export and POST of /v1/import: everything, a line each, streamed out of one snapshot and back in.</summary>
internal sealed class TransferEndpoints(Store store, Reads reads, StreamedReads streams, RequestBodies bodies, ServedOrigins origins, KvStoreOptions options, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<TransferEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, "/v1/export", endpoints.ExportAsync, TransferApi.Export);
        routes.Map(HttpMethods.Head, "/v1/export", endpoints.ExportAsync, TransferApi.Export.AsHead("headExport"));
        routes.Map(HttpMethods.Post, "/v1/import", endpoints.ImportAsync, TransferApi.Import);
    }

    private async Task<Problem?> ExportAsync(HttpContext context)
    {
        RequestLog.MarkClientPaced(context);
        byte[] prefix = [];
        ReadRequest request = default;
        var problem = QueryParameters.TryGet(context, ["prefix", .. Reads.Parameters], out var parameters)
            ?? parameters.TryGetKeyBytes("prefix", options.KeyBytesMax, out prefix)
            ?? Reads.TryGet(parameters, out request)
            ?? Access.Check(context, Rights.Read, KeyRange.WithPrefix(prefix));
        if (problem is not null)
            return problem;
        if (HttpMethods.IsHead(context.Request.Method))
            return AnswerHead(context, await reads.TakeAsync(request, context));

        (var read, problem) = await streams.BeginAsync(context, request);
        if (problem is not null)
            return problem;
        using (read)
        {
            // What was sent must not look complete.
            using var cutOff = Access.Of(context).Revoked.Register(context.Abort);
            var output = Begin(context, read!.Snapshot.Revision);
            await WriteAsync(output, read.Snapshot.Scan(KeyRange.WithPrefix(prefix)), new ExportPace(store, time), context.RequestAborted);
        }

        return null;
    }

    private Problem? AnswerHead(HttpContext context, Reads.Taken taken)
    {
        if (taken.Problem is null)
            Begin(context, taken.Snapshot!.Revision);
        return taken.Problem;
    }

    private JsonOutput Begin(HttpContext context, long revision)
    {
        context.Response.SetRevision(revision);
        context.Response.Headers.AcceptRanges = "none";
        return new JsonOutput(context, options, ContentTypes.Lines);
    }

    private static async Task WriteAsync(JsonOutput output, IEnumerable<Entry> entries, ExportPace pace, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            await pace.WaitAsync(ExportLine.WriteAsync(output, entry));
            await pace.RestAsync(entry.Bytes, cancellationToken);
        }

        await output.FlushAsync();
    }

    private async Task<Problem?> ImportAsync(HttpContext context)
    {
        RequestLog.MarkClientPaced(context);
        if (QueryParameters.TryGet(context, [], out _) is { } malformed)
            return malformed;

        // A page of another site cannot send this type.
        if (!ContentTypes.IsLines(context.Request.ContentType ?? ""))
            return Problems.UnsupportedMediaType(TransferApi.NotLines);

        var progress = ContentTypes.AcceptsLines(context.Request) ? new ImportProgress(context.Response.BodyWriter) : null;
        if (progress is not null)
            context.Response.SetContent(ContentTypes.Lines);
        var import = new Import(store, options, time, Access.Of(context), origins, progress);
        using var body = bodies.Open(context);
        var problem = await import.RunAsync(body, context.RequestAborted);
        if (progress is not null)
            await progress.EndAsync();
        if (problem is not null && !context.Response.HasStarted)
            return problem;
        if (progress is not null)
            await WriteLastLineAsync(context, import, problem);
        else
            await WriteResultAsync(context, import);
        return null;
    }

    private async Task WriteResultAsync(HttpContext context, Import import)
    {
        context.Response.SetRevision(import.Revision);
        var output = new JsonOutput(context, options);
        import.Report.WriteResult(output.Json, import.Revision);
        await output.FlushAsync();
    }

    // Once progress has been sent there is a status, so a problem is the last line.
    private static async Task WriteLastLineAsync(HttpContext context, Import import, Problem? problem)
    {
        var output = context.Response.BodyWriter;
        using (var json = new Utf8JsonWriter(output, JsonWriting.Options))
        {
            if (problem is null)
                import.Report.WriteResult(json, import.Revision);
            else
                json.WriteRawValue(problem.ToUtf8Json(context.Request.PathBase.Value));
        }

        JsonWriting.EndLine(output);
        await output.FlushAsync(context.RequestAborted);
    }
}
