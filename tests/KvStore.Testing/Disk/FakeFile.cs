namespace KvStore.Testing;

/// <summary>What a file is on a <see cref="FakeDisk"/>: what a process reads, what a power cut leaves, and what lies between.</summary>
internal sealed class FakeFile
{
    /// <summary>What is on the disk as a whole or not at all.</summary>
    public const int SectorBytes = 512;

    // Since the last flush, oldest first: what each operation made of the sectors that it touched.
    private readonly List<(long Length, List<(int Sector, byte[] Bytes)> Sectors, bool IsMetadata)> _pending = [];
    private byte[] _cached = [];
    private byte[] _durable = [];
    private int _durableLength;

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _cached.AsSpan(0, Length);

    public void Set(byte[] bytes)
    {
        (_cached, Length) = ([], bytes.Length);
        Room(Length);
        bytes.CopyTo(_cached, 0);
        (_durable, _durableLength) = ([.. _cached], Length);
        _pending.Clear();
    }

    public int Read(Span<byte> buffer, long offset)
    {
        var count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        if (count > 0)
            _cached.AsSpan((int)offset, count).CopyTo(buffer);
        return count;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        var end = (int)offset + bytes.Length;
        Room(end);
        bytes.CopyTo(_cached.AsSpan((int)offset));
        Length = Math.Max(Length, end);
        Remember((int)offset, end);
    }

    public void Extend(long length)
    {
        Room((int)length);
        Length = Math.Max(Length, (int)length);
        Remember(0, 0, isMetadata: true);
    }

    public void Truncate(long length)
    {
        var before = Length;
        Room((int)length);
        if (before > length)
            _cached.AsSpan((int)length, before - (int)length).Clear();
        Length = (int)length;

        // The system clears the rest of the last sector in memory; the others no longer belong to the file.
        var rest = Math.Min(before, ((int)length + SectorBytes - 1) / SectorBytes * SectorBytes);
        Remember(rest, before, isMetadata: true);
        if (rest > length)
            Remember((int)length, rest);
    }

    /// <summary>All that the system has not taken for written before is on the disk: what a failed flush lost stays lost until it is written again.</summary>
    public void Harden()
    {
        if (_durable.Length < _cached.Length)
            Array.Resize(ref _durable, _cached.Length);
        foreach (var (_, sectors, _) in _pending)
        {
            foreach (var (sector, content) in sectors)
                content.CopyTo(_durable, sector * SectorBytes);
        }

        _durableLength = Length;
        _pending.Clear();
    }

    /// <summary>
    /// Some of it is on the disk and the system takes the rest of the data for written: what a failed flush leaves. The length and
    /// what belongs to the file are metadata, which a journal never forgets.
    /// </summary>
    public void HardenSome(Random random)
    {
        (_durable, _durableLength) = Survivor(random);
        _pending.RemoveAll(operation => !operation.IsMetadata);
    }

    /// <summary>The file after a power cut.</summary>
    public void CutPower(Random random)
    {
        (_cached, Length) = Survivor(random);
        _cached.AsSpan(Math.Min(Length, _cached.Length)).Clear();
        (_durable, _durableLength) = ([.. _cached], Length);
        _pending.Clear();
    }

    // Each sector is as it was after some operation, and so is the length, on its own.
    private (byte[] Bytes, int Length) Survivor(Random random)
    {
        var bytes = new byte[Math.Max(_cached.Length, _durable.Length)];
        _durable.CopyTo(bytes, 0);
        var mode = random.Next(4);
        var chosen = new Dictionary<int, int>();
        var common = random.Next(_pending.Count + 1);
        for (var i = 0; i < _pending.Count; i++)
        {
            foreach (var (sector, content) in _pending[i].Sectors)
            {
                if (!chosen.TryGetValue(sector, out var last))
                    chosen.Add(sector, last = Choose());
                if (i < last)
                    content.CopyTo(bytes, sector * SectorBytes);
            }
        }

        var lengthAt = Choose();
        var length = lengthAt == 0 ? _durableLength : (int)_pending[lengthAt - 1].Length;
        return (bytes, length);

        int Choose() => mode switch
        {
            0 => common,
            1 => random.Next(2) * _pending.Count,
            2 => random.Next(8) == 0 ? 0 : _pending.Count,
            _ => random.Next(_pending.Count + 1),
        };
    }

    private void Remember(int from, int to, bool isMetadata = false)
    {
        var sectors = new List<(int, byte[])>();
        for (var sector = from / SectorBytes; sector * SectorBytes < to; sector++)
            sectors.Add((sector, _cached.AsSpan(sector * SectorBytes, SectorBytes).ToArray()));
        _pending.Add((Length, sectors, isMetadata));
    }

    private void Room(int length)
    {
        var sectors = (length + SectorBytes - 1) / SectorBytes * SectorBytes;
        if (_cached.Length < sectors)
            Array.Resize(ref _cached, Math.Max(sectors, _cached.Length * 2 / SectorBytes * SectorBytes));
    }
}
