namespace KvStore.Storage;

/// <summary>
/// The directory of a log. All that the log does to a disk goes through here, so that tests can cut the power between any
/// two operations. Any thread may call it; a file belongs to one thread at a time.
/// </summary>
/// <remarks>Everything throws <see cref="DiskLogException"/> when the operating system refuses.</remarks>
internal interface IDisk : IDisposable
{
    /// <summary>Where a file is, for messages.</summary>
    string PathOf(string name);

    /// <summary>Makes sure that there is a directory, and takes it for this process until the disk is disposed of.</summary>
    void Lock();

    /// <summary>The names of the files, in no order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Opens a file that exists.</summary>
    IDiskFile Open(string name);

    /// <summary>Makes a file; one that exists is emptied.</summary>
    IDiskFile Create(string name);

    /// <summary>Renames a file, in place of one that exists.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file.</summary>
    void Delete(string name);

    /// <summary>Makes every file that was created, renamed or deleted so far stay so.</summary>
    void FlushDirectory();
}

/// <summary>An open file.</summary>
internal interface IDiskFile : IDisposable
{
    /// <summary>Where it is, for messages.</summary>
    string Path { get; }

    /// <summary>Its bytes.</summary>
    long LengthBytes { get; }

    /// <summary>Fills a buffer from an offset; less only at the end of the file.</summary>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all of the bytes at an offset.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Cuts the file off and gives back the room behind it, reserved or not.</summary>
    void Truncate(long lengthBytes);

    /// <summary>Takes room at the end of the file that reads as zeros. A file system that cannot do that does nothing.</summary>
    void Reserve(long offset, long bytes);

    /// <summary>Returns when all bytes are on the disk. Never to be called again on this file once it has failed.</summary>
    void Flush();
}
