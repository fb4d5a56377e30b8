namespace KvStore.Cli;

/// <summary>
/// Sends entries in chunks, each of which is one import of the service. So what is stored is known after each chunk, and an import that was interrupted resumes there. Repeating entries that are stored
/// already has the same result.
/// </summary>
internal sealed class Importer(KvStoreClient client, Action<Importer> report) : IDisposable
{
    // 1,000 lines are ten commits of the service, and take milliseconds: larger chunks are no faster, and would repeat more after an interruption.
    private const int ChunkLinesMax = 1000;
    private const int ChunkBytesMax = 4 << 20;
    private const int ErrorsMax = 100;

    private readonly MemoryStream _chunk = new();
    private readonly List<string> _places = [];
    private readonly List<ImportError> _errors = [];
    private long _itemsRead;

    /// <summary>How many entries of the file are dealt with, from its beginning: what to skip to resume.</summary>
    public long Position { get; private set; }

    public long Imported { get; private set; }

    public long Expired { get; private set; }

    public long Failed { get; private set; }

    public long Revision { get; private set; }

    /// <summary>The first entries that could not be stored.</summary>
    public IReadOnlyList<ImportError> Errors => _errors;

    /// <summary>Stores the entries.</summary>
    /// <param name="items">The entries.</param>
    /// <param name="skip">How many of them to leave out, because they are stored.</param>
    /// <param name="cancellationToken">Ends the import; <see cref="Position"/> says where to resume.</param>
    public async Task RunAsync(IAsyncEnumerable<ImportItem> items, long skip, CancellationToken cancellationToken)
    {
        Position = skip;
        await foreach (var item in items.WithCancellation(cancellationToken))
        {
            if (++_itemsRead <= skip)
                continue;
            if (item.Error is { } error)
            {
                Fail(item.Place, error);
                continue;
            }

            if (_places.Count == ChunkLinesMax || (_places.Count > 0 && _chunk.Length + item.Line.Length > ChunkBytesMax))
                await SendAsync(_itemsRead - 1, cancellationToken);
            _chunk.Write(item.Line.Span);
            _chunk.WriteByte((byte)'\n');
            _places.Add(item.Place);
        }

        await SendAsync(Math.Max(skip, _itemsRead), cancellationToken);
    }

    public void Dispose() => _chunk.Dispose();

    private async Task SendAsync(long position, CancellationToken cancellationToken)
    {
        if (_places.Count > 0)
        {
            _chunk.Position = 0;
            var result = await client.ImportAsync(_chunk, cancellationToken: cancellationToken);
            (Imported, Expired, Revision) = (Imported + result.Imported, Expired + result.Expired, result.Revision.Number);
            Failed += result.Failed - result.Errors.Count;
            foreach (var error in result.Errors)
                Fail(error.Line >= 1 && error.Line <= _places.Count ? _places[(int)error.Line - 1] : "", error.Detail);
            _chunk.SetLength(0);
            _places.Clear();
        }

        Position = position;
        report(this);
    }

    private void Fail(string place, string error)
    {
        Failed++;
        if (_errors.Count < ErrorsMax)
            _errors.Add(new ImportError(place, error));
    }
}

/// <summary>An entry that could not be stored.</summary>
/// <param name="Place">Where it is in the file.</param>
/// <param name="Detail">Why.</param>
internal readonly record struct ImportError(string Place, string Detail);
