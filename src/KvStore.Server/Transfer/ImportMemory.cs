namespace KvStore.Server;

/// <summary>What an import is charged for: a batch, and a line that has not arrived in full. Belongs to one request.</summary>
internal sealed class ImportMemory(MemoryAccount account) : IDisposable
{
    // Twice a full batch of entries that are not large: with what each has besides its key and its value.
    private const long BatchBytes = 2 * ImportBatch.BytesMax;

    // A line is in the web server's buffer, then in one array, then an entry.
    private const int CopiesOfLine = 3;

    private long _charged;

    /// <summary>Charges what the import holds now; false if the account is full.</summary>
    /// <param name="lineBytes">The bytes of the line that is arriving.</param>
    public bool TryHold(long lineBytes)
    {
        var bytes = BatchBytes + (CopiesOfLine * lineBytes);
        if (bytes > _charged && !account.TryCharge(bytes - _charged))
            return false;
        if (bytes < _charged)
            account.Release(_charged - bytes);
        _charged = bytes;
        return true;
    }

    public void Dispose() => account.Release(_charged);
}
