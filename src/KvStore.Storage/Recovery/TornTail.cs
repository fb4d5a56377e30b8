namespace KvStore.Storage;

/// <summary>
/// The end of a log that a crash left unfinished. A start cuts it off: a power cut explains what is wrong there, and nothing says
/// that it was ever flushed.
/// </summary>
/// <param name="Path">The segment.</param>
/// <param name="OffsetBytes">Where it begins.</param>
/// <param name="Bytes">Its length, without reserved space.</param>
/// <param name="Reason">What is wrong there.</param>
public sealed record TornTail(string Path, long OffsetBytes, long Bytes, string Reason)
{
    /// <summary>The place and the reason, for a message.</summary>
    public override string ToString() => $"the last {Bytes} bytes of {Path}, from byte {OffsetBytes} ({Reason})";
}
