namespace KvStore.Fuzz;

/// <summary>A request as bytes, and what may be expected of its answer.</summary>
/// <param name="Route">The route that it was made for; null if it was not made for one.</param>
/// <param name="Check">What must be true of the answer beyond the contract; it returns the fault.</param>
internal sealed record FuzzRequest(Route? Route, ReadOnlyMemory<byte> Bytes, bool IsHead = false, bool ChangesRoute = false, bool BreaksHttp = false, bool Waits = false, bool IsStream = false,
    Func<Answer, string?>? Check = null)
{
    public static FuzzRequest Of(Route? route, RequestParts parts) =>
        new(route, parts.ToBytes(), parts.Method == "HEAD", parts.ChangesRoute, parts.BreaksHttp, parts.Waits, parts.IsStream);
}
