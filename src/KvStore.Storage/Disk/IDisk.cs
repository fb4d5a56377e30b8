namespace KvStore.Storage;

/// <summary>
/// The directory of a log. Every effect of the log on a disk passes through here, so that tests can cut the power between any
/// two operations. Any thread may call it.
/// </summary>
/// <remarks>Every member throws <see cref="DiskLogException"/> if the operating system rejects the operation.</remarks>
internal interface IDisk : IDisposable
{
    /// <summary>The full path of a file, for messages.</summary>
    string PathOf(string name);

    /// <summary>Creates the directory if it is absent, and takes the directory lock until the disk is disposed of.</summary>
    void Lock();

    /// <summary>The names of the files and directories, in no particular order; none if the directory is absent.</summary>
    IReadOnlyList<string> List();

    /// <summary>Opens an existing file.</summary>
    IDiskFile Open(string name);

    /// <summary>Creates a file, or empties an existing one.</summary>
    IDiskFile Create(string name);

    /// <summary>Renames a file and replaces an existing one.</summary>
    void Rename(string from, string to);

    void Delete(string name);

    /// <summary>Makes every creation, rename and deletion so far durable.</summary>
    void FlushDirectory();
}

/// <summary>An open file. One thread at a time may use it.</summary>
internal interface IDiskFile : IDisposable
{
    /// <summary>The full path, for messages.</summary>
    string Path { get; }

    long LengthBytes { get; }

    /// <summary>Fills the buffer from an offset and returns the bytes read; fewer only at the end of the file.</summary>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all bytes at an offset.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Shortens the file and releases the space after its new end, reserved or not.</summary>
    void Truncate(long lengthBytes);

    /// <summary>Allocates space at the end of the file that reads as zeros. Does nothing on a file system that cannot do so.</summary>
    void Reserve(long offset, long bytes);

    /// <summary>Returns when every byte is on the disk. Never call it again on a file after it has failed.</summary>
    void Flush();
}
