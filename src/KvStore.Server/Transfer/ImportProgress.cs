using System.IO.Pipelines;
using System.Text.Json;

namespace KvStore.Server;

/// <summary>
/// Tells the client how far its import is, while it is sending. It never waits for a client who does not read: that one would not go on
/// sending either, and both would wait for ever. Belongs to one thread at a time.
/// </summary>
internal sealed class ImportProgress(PipeWriter output)
{
    /// <summary>Lines between two reports.</summary>
    public const long LinesBetween = 10_000;

    private Task _flush = Task.CompletedTask;

    /// <summary>Reports, unless the client has not taken the last report yet.</summary>
    public void Report(ImportReport report)
    {
        if (!_flush.IsCompletedSuccessfully)
            return;
        using var json = new Utf8JsonWriter(output, Json.WriterOptions);
        report.WriteProgress(json);
        json.Flush();
        EndLine(output);
        _flush = output.FlushAsync(CancellationToken.None).AsTask();
    }

    /// <summary>Waits until the client has taken the last report. For when it has sent everything.</summary>
    public Task EndAsync() => _flush;

    /// <summary>Ends a line.</summary>
    public static void EndLine(PipeWriter output)
    {
        output.GetSpan(1)[0] = (byte)'\n';
        output.Advance(1);
    }
}
