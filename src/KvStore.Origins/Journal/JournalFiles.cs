using System.Globalization;

namespace KvStore.Origins;

/// <summary>The files of a journal: one is written to, and the oldest are deleted so that all together stay within a bound. Belongs to the worker of the journal.</summary>
/// <param name="options">The directory and the bound.</param>
/// <param name="time">The clock that names files.</param>
internal sealed class JournalFiles(OriginJournalOptions options, TimeProvider time) : IDisposable
{
    private const string Pattern = "calls-*.ndjson";

    // So an eighth of what is kept goes at a time.
    private const int FilesPerBound = 8;

    private readonly Queue<(string Path, long Bytes)> _closed = [];
    private FileStream? _file;
    private long _closedBytes;
    private int _opened;

    /// <summary>Appends a line, and passes it to the operating system. Not flushed to the disk: a journal that loses its last lines with the power is still a journal.</summary>
    /// <exception cref="IOException">It could not be written. The next line begins another file.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public void Append(ReadOnlySpan<byte> line)
    {
        if (_file is not null && _file.Length + line.Length > options.BytesMax / FilesPerBound)
            Close();
        _file ??= Open();
        try
        {
            _file.Write(line);
        }
        catch (IOException)
        {
            Close();
            throw;
        }

        while (_closedBytes + _file.Length > options.BytesMax && _closed.TryPeek(out var oldest))
        {
            File.Delete(oldest.Path);
            _closedBytes -= oldest.Bytes;
            _closed.Dequeue();
        }
    }

    /// <summary>Closes the file that is written to.</summary>
    public void Dispose() => Close();

    private FileStream Open()
    {
        Directory.CreateDirectory(options.Directory);
        if (_closed.Count == 0)
            FindOlder();

        // The number keeps files of one millisecond in their order.
        var name = string.Create(CultureInfo.InvariantCulture, $"calls-{time.GetUtcNow():yyyyMMdd'T'HHmmssfff}-{_opened++:d6}.ndjson");
        var created = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            created.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(Path.Combine(options.Directory, name), created);
    }

    // Files of an earlier process count too. Their names are in the order of their times.
    private void FindOlder()
    {
        foreach (var file in new DirectoryInfo(options.Directory).EnumerateFiles(Pattern).OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            _closed.Enqueue((file.FullName, file.Length));
            _closedBytes += file.Length;
        }
    }

    private void Close()
    {
        if (_file is not { } file)
            return;
        _file = null;
        try
        {
            _closed.Enqueue((file.Name, file.Length));
            _closedBytes += file.Length;
        }
        finally
        {
            file.Dispose();
        }
    }
}
