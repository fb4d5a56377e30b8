namespace KvStore.Server;

/// <summary>The body of a request, or what is wrong with it; disposed of when the bytes are no longer needed.</summary>
/// <param name="bytes">An array of exactly the size of the body.</param>
/// <param name="problem">Why the body was not read.</param>
/// <param name="memory">What is charged for it; null if it is not, because it had arrived with its headers.</param>
internal readonly struct ReceivedBody(byte[] bytes, Problem? problem, BodyMemory? memory) : IDisposable
{
    public byte[] Bytes => bytes;

    public Problem? Problem => problem;

    public void Dispose() => memory?.Dispose();
}
