using KvStore.Crdt;
using KvStore.Mergeable;

namespace KvStore.Server;

/// <summary>
/// Watches of one mergeable value: what the client lacks, and then the deltas of each commit. The client resumes with its version, whatever it has missed,
/// and not with a position in the history. Thread-safe.
/// </summary>
internal sealed class MergeableWatch(Store store, Reads reads, MergeableValues values, LargeAnswers answers, KvStoreOptions options)
{
    /// <summary>The query parameter that asks for a watch.</summary>
    public const string Parameter = "watch";

    private readonly DeltaEventEncoder _encoder = new();

    public async Task<Problem?> AnswerAsync(HttpContext context, Key key, ReadRequest request, VersionVector? since, Conditions conditions)
    {
        RequestLog.MarkClientPaced(context);
        using var beginning = new Beginning();
        var problem = TryReject(request, conditions) ?? await BeginAsync(context, key, request, since, beginning);
        if (problem is not null)
            return problem;
        problem = WatchStream.TryOpen(store, WatchFilter.OfKey(key), beginning.After, null, out var opened);
        if (problem is not null)
            return problem;
        using var watcher = opened!.Watcher;
        VersionText.SetHeader(context.Response, beginning.Version);
        await new WatchStream(context, store, options, opened, _encoder).RunAsync(beginning.WriteAsync);
        return null;
    }

    private static Problem? TryReject(ReadRequest request, Conditions conditions) =>
        request.Revision is not null ? Problems.MalformedRequest("The state at a revision does not change. Omit revision or watch.", Reads.RevisionParameter)
        : conditions != default ? Problems.MalformedRequest("A watch starts from what since says. Omit the conditions, or watch.", Parameter)
        : null;

    private async ValueTask<Problem?> BeginAsync(HttpContext context, Key key, ReadRequest request, VersionVector? since, Beginning beginning)
    {
        var problem = Find(context.Response, await reads.TakeAsync(request, context), key, beginning, out var entry);
        if (problem is not null)
            return problem;
        if (await values.ReadAsync(entry, since, MergeableForm.Delta, context.RequestAborted) is not { } read)
        {
            context.Response.SetRevision(beginning.After);
            return MergeableProblems.Collected();
        }

        if (!answers.TryBegin((read.Bytes?.Length ?? 0) + read.Version.TextLength, out var charge))
            return LargeAnswers.Refusal();
        beginning.Take(new MergeAnswer(entry.Revision) { Type = read.Type, Version = read.Version.ToString(), Delta = read.Bytes }, charge);
        return null;
    }

    // Not async: otherwise the snapshot would stay in memory while the value is read.
    private static Problem? Find(HttpResponse response, Reads.Taken taken, Key key, Beginning beginning, out Entry entry)
    {
        entry = default;
        if (taken.Problem is { } problem)
            return problem;
        beginning.After = taken.Snapshot!.Revision;
        if (taken.Snapshot.Find(key) is not { } found)
            return EntryAnswer.NotFound(response, beginning.After);
        entry = found;
        if (found.IsMergeable)
            return null;
        response.SetRevision(beginning.After);
        return MergeableProblems.NotMergeable();
    }

    /// <summary>What is sent first, and is in memory only until it is sent. Belongs to one request.</summary>
    private sealed class Beginning : IDisposable
    {
        private MergeAnswer _first;
        private IDisposable? _charge;

        /// <summary>The revision after which commits are sent.</summary>
        public long After { get; set; }

        public string Version => _first.Version!;

        public void Take(MergeAnswer first, IDisposable? charge) => (_first, _charge) = (first, charge);

        /// <summary>Sends it, also when the client lacks nothing, so that it knows that it is up to date.</summary>
        public async ValueTask WriteAsync(JsonOutput output)
        {
            await WatchStream.SendAsync(output, DeltaEventEncoder.Delta(output.Target, _first));
            await output.FlushAsync();
            Dispose();
        }

        public void Dispose()
        {
            _first = default;
            _charge?.Dispose();
            _charge = null;
        }
    }
}
