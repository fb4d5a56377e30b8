namespace KvStore.SystemTests;

/// <summary>A proxy between a client and a service, at the address where the service is now. It drops responses on request.</summary>
internal sealed class UnreliableConnection : HttpMessageHandler
{
    private readonly HttpMessageInvoker _inner = new(new SocketsHttpHandler());
    private int _answersToLose;
    private int _sent;

    /// <summary>Where the service is.</summary>
    public Uri? Target { get; set; }

    /// <summary>How many requests were sent on.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Delivers the next requests, and loses their answers.</summary>
    public void LoseAnswers(int count) => Volatile.Write(ref _answersToLose, count);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // While the service is down, another process may have its address.
        if (Target is not { } target)
            throw new HttpRequestException(HttpRequestError.ConnectionError, "The service is away.");
        request.RequestUri = new Uri(target, request.RequestUri!.PathAndQuery);
        Interlocked.Increment(ref _sent);
        var response = await _inner.SendAsync(request, cancellationToken);
        if (Interlocked.Decrement(ref _answersToLose) < 0)
            return response;
        response.Dispose();
        throw new HttpRequestException(HttpRequestError.ResponseEnded, "The answer was lost.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _inner.Dispose();
        base.Dispose(disposing);
    }
}
