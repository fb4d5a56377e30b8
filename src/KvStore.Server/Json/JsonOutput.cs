using System.IO.Pipelines;

namespace KvStore.Server;

/// <summary>A JSON answer, sent while it is written, so that a large one does not accumulate in memory. Belongs to one request.</summary>
internal sealed class JsonOutput
{
    private const int FlushBytes = 64 * 1024;

    private readonly PipeWriter _output;
    private readonly CancellationToken _cancellationToken;

    public JsonOutput(HttpContext context)
    {
        _output = context.Response.BodyWriter;
        _cancellationToken = context.RequestAborted;
        Json = new Utf8JsonWriter(_output, JsonWriting.Options);
        context.Response.SetContent(ContentTypes.Json);
    }

    public Utf8JsonWriter Json { get; }

    /// <summary>Sends what was written once it exceeds 64 KiB.</summary>
    public ValueTask FlushIfFullAsync() => Json.BytesPending + _output.UnflushedBytes < FlushBytes ? ValueTask.CompletedTask : FlushAsync();

    /// <summary>Sends what was written. Not a disposal, so that a failure before the first flush can still become a problem.</summary>
    public async ValueTask FlushAsync()
    {
        await Json.FlushAsync(_cancellationToken);
        await _output.FlushAsync(_cancellationToken);
    }
}
