namespace KvStore.Server;

/// <summary>
/// The memory of a body that is being read: the pieces that have arrived, and in the end the array of the whole. Each is charged before it is allocated.
/// Belongs to one request.
/// </summary>
internal sealed class BodyMemory(MemoryAccount account) : IDisposable
{
    /// <summary>The first piece; later ones are as large as all before them.</summary>
    public const int PieceBytesMin = 4096;

    private const int PieceBytesMax = 64 * 1024;

    private readonly List<byte[]> _pieces = [];
    private int _room;
    private long _charged;

    /// <summary>The bytes in the pieces.</summary>
    public long PieceBytes { get; private set; }

    /// <summary>The largest body that can be read: once in pieces and once as a whole.</summary>
    public static long BodyBytesMax(StoreOptions options) => Math.Max(0, (options.BodiesBytesMax / 2) - PieceBytesMax);

    /// <summary>Copies what has arrived into pieces; false if the account is full.</summary>
    public bool TryAppend(in ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            for (var rest = segment.Span; rest.Length > 0;)
            {
                if (_room == 0 && !TryAddPiece())
                    return false;
                var part = rest[..Math.Min(rest.Length, _room)];
                part.CopyTo(_pieces[^1].AsSpan(_pieces[^1].Length - _room));
                _room -= part.Length;
                PieceBytes += part.Length;
                rest = rest[part.Length..];
            }
        }

        return true;
    }

    /// <summary>Charges more; false if the account is full.</summary>
    public bool TryCharge(long bytes)
    {
        // No body has more than all of them leave, so that large ones fail before small ones do.
        if (_charged > account.BytesMax - account.Bytes || !account.TryCharge(bytes))
            return false;
        _charged += bytes;
        return true;
    }

    /// <summary>Moves the pieces to the start of the whole.</summary>
    /// <returns>Their bytes.</returns>
    public int MoveTo(Span<byte> whole)
    {
        var rest = whole[..(int)PieceBytes];
        foreach (var piece in _pieces)
        {
            var part = piece.AsSpan(0, Math.Min(piece.Length, rest.Length));
            part.CopyTo(rest);
            rest = rest[part.Length..];
        }

        ReturnPieces();
        return (int)PieceBytes;
    }

    public void Dispose()
    {
        ReturnPieces();
        account.Release(_charged);
        _charged = 0;
    }

    // All sizes are powers of two, which is what the pool has.
    private bool TryAddPiece()
    {
        var bytes = (int)Math.Clamp(PieceBytes, PieceBytesMin, PieceBytesMax);
        if (!TryCharge(bytes))
            return false;
        _pieces.Add(ArrayPool<byte>.Shared.Rent(bytes));
        _room = _pieces[^1].Length;
        return true;
    }

    private void ReturnPieces()
    {
        foreach (var piece in _pieces)
        {
            ArrayPool<byte>.Shared.Return(piece);
            account.Release(piece.Length);
            _charged -= piece.Length;
        }

        _pieces.Clear();
        _room = 0;
    }
}
