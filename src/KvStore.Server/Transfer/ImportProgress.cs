using System.IO.Pipelines;

namespace KvStore.Server;

/// <summary>
/// Reports progress while the client is still sending. Never waits for the client to read: a client that sends everything before it
/// reads would deadlock. Belongs to one thread at a time.
/// </summary>
internal sealed class ImportProgress(PipeWriter output)
{
    public const long LinesBetween = 10_000;

    private Task _flush = Task.CompletedTask;

    /// <summary>Reports, unless the client has not read the last report yet.</summary>
    public void Report(ImportReport report)
    {
        if (!_flush.IsCompletedSuccessfully)
            return;
        using var json = new Utf8JsonWriter(output, JsonWriting.Options);
        report.WriteProgress(json);
        json.Flush();
        JsonWriting.EndLine(output);
        _flush = output.FlushAsync(CancellationToken.None).AsTask();
    }

    /// <summary>Waits until the client has read the last report; only after it has sent everything.</summary>
    public Task EndAsync() => _flush;
}
