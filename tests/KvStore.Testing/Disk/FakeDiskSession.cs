using KvStore.Storage;

namespace KvStore.Testing;

/// <summary>A fake disk as one process sees it, until it is killed.</summary>
internal sealed class FakeDiskSession(FakeDisk disk) : IDisk
{
    private const int InputOutputError = 5;
    private const int NoSpaceLeft = 28;

    private bool _isDead;

    private FakeDisk Disk => disk;

    public void Kill() => _isDead = true;

    public string PathOf(string name) => $"/fake/{name}";

    public void Lock() => Do(DiskOperation.Lock, "", () => { });

    public IReadOnlyList<string> List()
    {
        IReadOnlyList<string> names = [];
        Do(DiskOperation.List, "", () => names = [.. disk.Files.Keys]);
        return names;
    }

    public IDiskFile Open(string name)
    {
        Do(DiskOperation.Open, name, () =>
        {
            if (!disk.Files.ContainsKey(name))
                throw Failure("open", name, 2);
        });
        return new File(this, name, disk.Files[name]);
    }

    public IDiskFile Create(string name)
    {
        Do(DiskOperation.Create, name, () =>
        {
            if (disk.Files.TryGetValue(name, out var file))
                file.Truncate(0);
            else
                disk.Create(name);
        });
        return new File(this, name, disk.Files[name]);
    }

    public void Rename(string from, string to) => Do(DiskOperation.Rename, to, () => disk.Rename(from, to));

    public void Delete(string name) => Do(DiskOperation.Delete, name, () => disk.Delete(name));

    public void FlushDirectory() => Do(DiskOperation.FlushDirectory, "", disk.FlushDirectory);

    public void Dispose()
    {
    }

    public static DiskLogException Failure(string operation, string name, int errno = InputOutputError) =>
        DiskLogException.Failed(operation, $"/fake/{name}", errno, "planned by the test");

    public static DiskLogException NoSpace(string operation, string name) => Failure(operation, name, NoSpaceLeft);

    private void Do(DiskOperation operation, string name, Action action)
    {
        if (!_isDead)
            disk.Before(operation, name);
        if (_isDead)
            throw Failure($"{operation}", name);
        action();
        disk.After(operation, name);
        if (_isDead)
            throw Failure($"{operation}", name);
    }

    private sealed class File(FakeDiskSession session, string name, FakeFile file) : IDiskFile
    {
        public string Path => session.PathOf(name);

        public long LengthBytes => file.Length;

        public int Read(Span<byte> buffer, long offset)
        {
            session.Do(DiskOperation.Read, name, () => { });
            return file.Read(buffer, offset);
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            var room = Room(offset);
            if (room < bytes.Length)
            {
                // File systems give room by blocks, so what fits ends with one. A process that is dead writes nothing.
                var fitting = bytes[..(int)Math.Max(0, ((offset + room) / FakeFile.SectorBytes * FakeFile.SectorBytes) - offset)].ToArray();
                session.Do(DiskOperation.Write, name, () => file.Write(fitting, offset));
                throw NoSpace("write", name);
            }

            var copy = bytes.ToArray();
            session.Do(DiskOperation.Write, name, () => file.Write(copy, offset));
        }

        public void Truncate(long lengthBytes) => session.Do(DiskOperation.Truncate, name, () => file.Truncate(lengthBytes));

        public void Reserve(long offset, long bytes) => session.Do(DiskOperation.Reserve, name, () =>
        {
            if (!session.Disk.CanReserve)
                return;
            if (Room(offset) < bytes)
                throw NoSpace("reserve", name);
            file.Extend(offset + bytes);
        });

        public void Flush() => session.Do(DiskOperation.Flush, name, () =>
        {
            if (session.Disk.FlushFails())
            {
                file.HardenSome(session.Disk.Random);
                throw Failure("flush", name);
            }

            file.Harden();
        });

        public void Dispose()
        {
        }

        private long Room(long offset) => Math.Max(0, session.Disk.CapacityBytes - session.Disk.UsedBytes) + Math.Max(0, file.Length - offset);
    }
}
