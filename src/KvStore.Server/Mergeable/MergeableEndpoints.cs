using KvStore.Crdt;
using KvStore.Mergeable;

namespace KvStore.Server;

/// <summary>/v1/crdt/{key}: mergeable values (docs/mergeable-values.md). POST changes one; GET and HEAD read it, or watch it.</summary>
internal sealed class MergeableEndpoints(
    MergeableValues values, ServedOrigins origins, Reads reads, RequestBodies bodies, LargeAnswers answers, MergeableWatch watch, KvStoreOptions options, TimeProvider time)
{
    private static readonly string[] ReadParameters = [VersionText.Since, MergeableWatch.Parameter, .. Reads.Parameters];

    private static readonly string[] MergeParameters = [CrdtTypeText.Parameter, VersionText.Since, TimeToLive.Parameter];

    public static void Map(IEndpointRouteBuilder routes)
    {
        const string Route = RequestTarget.MergeablePathPrefix + "{key}";
        var endpoints = ActivatorUtilities.CreateInstance<MergeableEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Post, Route, endpoints.MergeAsync, MergeableApi.Merge);
        routes.Map(HttpMethods.Get, Route, endpoints.GetAsync, MergeableApi.Get);
        routes.Map(HttpMethods.Head, Route, endpoints.GetAsync, MergeableApi.Get.AsHead("headMergeable"));
    }

    private async Task<Problem?> MergeAsync(HttpContext context)
    {
        CrdtType? type = null;
        VersionVector? since = null;
        TimeToLive ttl = default;
        Conditions conditions = default;
        string? idempotencyKey = null;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, Rights.Read | Rights.Write, out var key, RequestTarget.MergeablePathPrefix)
            ?? QueryParameters.TryGet(context, MergeParameters, out var parameters)
            ?? CrdtTypeText.TryGet(parameters, out type)
            ?? VersionText.TryGet(parameters, out since)
            ?? TimeToLive.TryGet(parameters, out ttl)
            ?? Conditions.TryGet(context, key, out conditions)
            ?? IdempotencyHeader.TryGet(context, out idempotencyKey);
        if (problem is not null)
            return problem;

        MergeRequest? request = null;
        using (var body = await bodies.ReadJsonAsync(context))
        {
            problem = body.Problem ?? TryParse(context, body.Bytes, since, out request);
            if (problem is not null)
                return problem;
            if (origins.Find(key) is not null)
                return MergeableProblems.OfOrigin();

            request = request! with
            {
                Type = type,
                Expiry = ttl.Update(time),
                Guards = conditions.Guards,
                Idempotency = IdempotencyHeader.For(context, options, idempotencyKey, body.Bytes),
            };
        }

        return await AnswerAsync(context, key, request, await values.MergeAsync(key, request, context.RequestAborted));
    }

    private async Task<Problem?> GetAsync(HttpContext context)
    {
        ReadRequest request = default;
        VersionVector? since = null;
        Conditions conditions = default;
        var isWatch = false;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, Rights.Read, out var key, RequestTarget.MergeablePathPrefix)
            ?? QueryParameters.TryGet(context, ReadParameters, out var parameters)
            ?? Reads.TryGet(parameters, out request)
            ?? VersionText.TryGet(parameters, out since)
            ?? parameters.TryGetFlag(MergeableWatch.Parameter, out isWatch)
            ?? Conditions.TryGet(context, key, out conditions);
        if (problem is not null)
            return problem;
        if (isWatch)
            return await watch.AnswerAsync(context, key, request, since, conditions);

        problem = Find(context.Response, await reads.TakeAsync(request, context), key, conditions, out var found);
        if (problem is not null || found is not { } entry)
            return problem;
        return await AnswerAsync(context, entry, since, since is null ? ReadForm.Of(context.Request) : MergeableForm.Delta);
    }

    // Not async: otherwise the snapshot would stay in memory until the client has the answer. No entry and no problem: the client's copy is current.
    private static Problem? Find(HttpResponse response, Reads.Taken taken, Key key, Conditions conditions, out Entry? found)
    {
        found = null;
        if (taken.Problem is { } problem)
            return problem;
        if (taken.Snapshot!.Find(key) is not { } entry)
            return EntryAnswer.NotFound(response, taken.Snapshot.Revision);
        response.SetRevision(taken.Snapshot.Revision);
        if (EntryAnswer.Check(response, entry, conditions, out var isNotModified) is { } unmet)
            return unmet;
        if (isNotModified)
            return null;
        found = entry.IsMergeable ? entry : null;
        return entry.IsMergeable ? null : MergeableProblems.NotMergeable();
    }

    private async Task<Problem?> AnswerAsync(HttpContext context, Entry entry, VersionVector? since, MergeableForm form)
    {
        var read = await values.ReadAsync(entry, since, form, context.RequestAborted);
        if (read is { Bytes: null } && form == MergeableForm.Text)
            read = await values.ReadAsync(entry, since, form = MergeableForm.Json, context.RequestAborted);
        if (read is null)
            return MergeableProblems.Collected();
        if (!answers.TryBegin((read.Bytes?.Length ?? 0) + read.Version.TextLength, out var charge))
            return LargeAnswers.Refusal();
        using (charge)
            await WriteAsync(context, entry, read, form);
        return null;
    }

    private async Task WriteAsync(HttpContext context, Entry entry, MergeableRead read, MergeableForm form)
    {
        var (response, version) = (context.Response, read.Version.ToString());
        EntryAnswer.SetFound(response, entry);
        VersionText.SetHeader(response, version);
        response.Headers.Append("Vary", "Accept");
        if (form == MergeableForm.Delta)
        {
            await SendAsync(new JsonOutput(context, options, ContentTypes.Delta), new MergeAnswer(entry.Revision) { Type = read.Type, Version = version, Lineage = read.Lineage, Hub = read.Hub, Delta = read.Bytes });
            return;
        }

        response.SetValue(ReadForm.ContentTypeOf(form), read.Bytes!.Value.Length, options.CrossOriginResourcePolicy);
        if (!HttpMethods.IsHead(context.Request.Method))
            await new PacedOutput(context, options).WriteAsync(read.Bytes.Value);
    }

    private static Problem? TryParse(HttpContext context, ReadOnlySpan<byte> bytes, VersionVector? since, out MergeRequest? request)
    {
        request = null;
        if (!ContentTypes.IsDelta(context.Request.ContentType!))
        {
            if (IntentBody.TryParse(bytes, out var change) is { } malformed)
                return malformed;
            request = new MergeRequest(change) { Since = since };
            return null;
        }

        if (DeltaBody.TryParse(bytes, out var body) is { } problem)
            return problem;
        if (since is not null && body.Version is not null)
            return Problems.MalformedRequest($"Give {VersionText.Since} or the member version, not both.", VersionText.Since);
        request = new MergeRequest(body.Delta is null ? null : new MergeChange.Delta(body.Delta)) { Since = body.Version ?? since, Replica = body.Version is null ? null : body.Replica, Lineage = body.Lineage, Hub = body.Hub };
        return null;
    }

    private async Task<Problem?> AnswerAsync(HttpContext context, Key key, MergeRequest request, MergeResult result)
    {
        switch (result)
        {
            case MergeResult.Merged merged:
                var answer = new MergeAnswer(merged.Revision) { Type = merged.Type, Version = merged.Version.ToString(), Lineage = ContentTypes.IsDelta(context.Request.ContentType!) ? merged.Lineage : null, Number = merged.Number, Delta = merged.Delta };
                return await WriteAsync(context, request, answer, merged.IsCreated);
            case MergeResult.Refused refused:
                context.Response.SetRevision(refused.Revision);
                return RefusalOf(refused);
            case MergeResult.NotCommitted { Outcome: Outcome.Replayed replayed }:
                IdempotencyHeader.SetReplayed(context.Response);
                var original = replayed.Original;
                return await WriteAsync(context, request, await ReadAgainAsync(key, original.Revision, request.Since, context), isCreated: !original.Results[0].Existed);
            case MergeResult.NotCommitted failed:
                return WriteOutcome.ProblemOf(context.Response, failed.Outcome);
            default:
                throw new InvalidOperationException($"Unknown result {result.GetType().Name}.");
        }
    }

    private async Task<Problem?> WriteAsync(HttpContext context, MergeRequest request, MergeAnswer answer, bool isCreated)
    {
        if (!answers.TryBegin((answer.Delta?.Length ?? 0) + (answer.Version?.Length ?? 0), out var charge))
        {
            // A delta can be sent again. An intent is carried out, and the client would repeat it: it gets no more than that.
            if (request.Change is null or MergeChange.Delta)
                return LargeAnswers.Refusal() with { Detail = "The memory for answers is full. A delta that was sent is merged. Try again a little later: it does no harm to send it twice." };
            answer = answer with { Delta = null };
        }

        var response = context.Response;
        response.StatusCode = isCreated ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        response.SetRevision(answer.Revision);
        response.Headers.ETag = ResponseHeaders.ETagOf(answer.Revision);
        if (answer.Version is not null)
            VersionText.SetHeader(response, answer.Version);
        using (charge)
            await SendAsync(new JsonOutput(context, options), answer);
        return null;
    }

    private static async Task SendAsync(JsonOutput output, MergeAnswer answer)
    {
        foreach (var _ in answer.WriteTo(output.Target))
            await output.FlushIfFullAsync();
        await output.FlushAsync();
    }

    // The change was carried out before, so what the client gets besides its revision is of the present state.
    private async Task<MergeAnswer> ReadAgainAsync(Key key, long revision, VersionVector? since, HttpContext context)
    {
        var answer = new MergeAnswer(revision);
        if (Find(await reads.TakeAsync(new ReadRequest(null, revision, IsLocal: false), context), key) is not { IsMergeable: true } entry)
            return answer;
        var read = await values.ReadAsync(entry, null, MergeableForm.None, context.RequestAborted);
        answer = answer with { Type = read!.Type, Version = read.Version.ToString(), Number = read.Number };
        if (since is null)
            return answer;
        var lacking = await values.ReadAsync(entry, since, MergeableForm.Delta, context.RequestAborted) ?? await values.ReadAsync(entry, null, MergeableForm.Delta, context.RequestAborted);
        return answer with { Delta = lacking!.Bytes };

        static Entry? Find(Reads.Taken taken, Key key) => taken.Snapshot?.Find(key);
    }

    private static Problem RefusalOf(MergeResult.Refused refused) => refused.Reason switch
    {
        MergeRefusal.Absent => MergeableProblems.Absent(refused.Revision),
        MergeRefusal.NotMergeable => MergeableProblems.NotMergeable(),
        MergeRefusal.OfOrigin => MergeableProblems.OfOrigin(),
        MergeRefusal.OtherType => MergeableProblems.OtherType(),
        MergeRefusal.Unsupported => MergeableProblems.UnsupportedIntent(),
        MergeRefusal.Overflow => MergeableProblems.Overflow(),
        MergeRefusal.OutOfRange => MergeableProblems.OutOfRange(),
        MergeRefusal.InvalidText => Problems.MalformedRequest("A text has half of a surrogate pair.", "body"),
        MergeRefusal.Malformed => Problems.MalformedRequest("The bytes are no delta of this service (docs/crdt-format.md).", "delta"),
        MergeRefusal.OtherLineage => MergeableProblems.OtherLineage(),
        MergeRefusal.Gap => MergeableProblems.Gap(refused.Version?.ToString()),
        MergeRefusal.Forked => MergeableProblems.Forked(),
        MergeRefusal.Collected => MergeableProblems.Collected(),
        MergeRefusal.TooLarge => Problems.ResultTooLarge(),
        _ => throw new InvalidOperationException($"Unknown reason {refused.Reason}."),
    };
}
