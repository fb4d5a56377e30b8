using System.Buffers;
using System.Runtime.ExceptionServices;

namespace KvStore.Client;

/// <content>Export and import.</content>
public sealed partial class KvStoreClient
{
    private const string JsonLines = "application/x-ndjson";
    private const int ExportBufferBytes = 64 << 10;

    /// <summary>
    /// Writes every entry of one snapshot to a stream, one JSON object per line. An export that has begun is not repeated: after an exception, what was written is to be discarded.
    /// </summary>
    /// <param name="destination">The stream to write to; it remains the caller's.</param>
    /// <param name="prefix">The prefix of the keys; empty for every entry.</param>
    /// <param name="options">The state to export; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the export.</param>
    /// <returns>The revision of the snapshot.</returns>
    /// <exception cref="KvStoreException">As for other calls, or the export was cut off, or paused for longer than <see cref="KvStoreClientOptions.AttemptTimeout"/>.</exception>
    public async Task<KvRevision> ExportAsync(Stream destination, string prefix = "", KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        options ??= Latest;
        var query = new QueryString("/v1/export").Add("prefix", Arguments.Text(prefix) is "" ? null : prefix);
        options.AddTo(query);
        var call = new Call(HttpMethod.Get, query.ToString()) { StoreId = options.StoreId, IsStream = true };
        var answer = await SendAsync(call, answer => answer, cancellationToken).ConfigureAwait(false);
        using var response = answer.Response;
        if (!Answer.HasKnownEnd(response))
            throw CutOff(null);

        using var silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _options.TimeProvider);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, _ended.Token, cancellationToken);
        var stream = new WatchStream(
            await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), silence, _options.AttemptTimeout, ExportBufferBytes * 2);
        var buffer = ArrayPool<byte>.Shared.Rent(ExportBufferBytes);
        try
        {
            while (await ReadExportAsync(stream, buffer, ending.Token, cancellationToken).ConfigureAwait(false) is > 0 and var count)
                await destination.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            return answer.Revision;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Stores entries from lines as <see cref="ExportAsync"/> writes them. An import is many commits and is sent once: after an exception, entries of earlier lines may be stored, and
    /// sending everything again has the same result as if it had succeeded at once.
    /// </summary>
    /// <param name="source">The lines; it remains the caller's.</param>
    /// <param name="progress">Receives the number of bytes that were sent so far; null for none.</param>
    /// <param name="cancellationToken">Cancels the import; entries may be stored.</param>
    /// <returns>How many entries were stored, and which lines were invalid.</returns>
    /// <exception cref="KvStoreException">The import ended early, or nothing could be sent for longer than <see cref="KvStoreClientOptions.AttemptTimeout"/>.</exception>
    public async Task<KvImportReport> ImportAsync(Stream source, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var upload = new RequestStream(source, JsonLines, progress);
        var call = new Call(HttpMethod.Post, "/v1/import") { Upload = upload, IsWrite = true, IsIdempotent = true, IsEndless = true, IsSingle = true };
        try
        {
            return await SendAsync(call, ReportOf, cancellationToken).ConfigureAwait(false);
        }
        catch (KvStoreException) when (upload.SourceFailure is not null)
        {
            ExceptionDispatchInfo.Throw(upload.SourceFailure);
            throw;
        }

        static KvImportReport ReportOf(Answer answer)
        {
            var report = answer.Json(Wire.Default.WireImportReport);
            return new KvImportReport(
                answer.Revision.WithNumber(report.Revision), report.Imported, report.Expired, report.Failed,
                [.. (report.Errors ?? []).Select(error => new KvImportError(error.Line, error.Detail ?? ""))]);
        }
    }

    private async Task<int> ReadExportAsync(WatchStream stream, byte[] buffer, CancellationToken ending, CancellationToken cancellationToken)
    {
        stream.BeginEvent();
        try
        {
            return await stream.ReadAsync(buffer.AsMemory(0, ExportBufferBytes), ending).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_ended.IsCancellationRequested, this);
            throw CutOff(exception);
        }
    }

    private KvStoreException CutOff(Exception? inner) =>
        new($"The export of {_address} was cut off before its end. Discard what was written and begin again.", null, KvOutcome.NotApplied, inner);
}
