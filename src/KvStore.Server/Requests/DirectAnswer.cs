namespace KvStore.Server;

/// <summary>
/// A request that is answered, and ended, on the thread that has found out what it waits for. An async method of its endpoint and another one of the boundary would be a fifth of
/// what a write allocates.
/// </summary>
internal abstract class DirectAnswer
{
    private const int IsWaiting = 0;
    private const int IsBounded = 1;
    private const int IsAnswered = 2;

    private readonly TaskCompletionSource _ended;
    private readonly ExecutionContext? _execution = ExecutionContext.Capture();
    private RequestBoundary? _boundary;
    private long _startedAt;
    private int _state;

    protected DirectAnswer(HttpContext context)
    {
        Context = context;
        _ended = new TaskCompletionSource(this);
    }

    /// <summary>What the endpoint returns. Its <see cref="Task.AsyncState"/> is this object.</summary>
    public Task Ended => _ended.Task;

    protected HttpContext Context { get; }

    /// <summary>Leaves the end of the request to this; false if it is answered already.</summary>
    public bool TryLeave(RequestBoundary boundary, long startedAt)
    {
        (_boundary, _startedAt) = (boundary, startedAt);
        return Interlocked.CompareExchange(ref _state, IsBounded, IsWaiting) == IsWaiting;
    }

    /// <summary>Answers. What it is about is known.</summary>
    protected abstract Task AnswerAsync();

    /// <summary>Answers in the context of the request, and ends it. Once.</summary>
    protected void Answer()
    {
        if (_execution is null)
            AnswerAndEnd();
        else
            ExecutionContext.Run(_execution, static answer => ((DirectAnswer)answer!).AnswerAndEnd(), this);
    }

    private void AnswerAndEnd()
    {
        Task ending;
        try
        {
            ending = AnswerAsync();
        }
        catch (Exception exception)
        {
            ending = Task.FromException(exception);
        }

        // Nothing may be thrown here: others wait on this thread for their outcomes.
        try
        {
            if (Interlocked.Exchange(ref _state, IsAnswered) == IsBounded)
                ending = _boundary!.EndAsync(Context, ending, _startedAt);
        }
        catch (Exception exception)
        {
            ending = Task.FromException(exception);
        }

        // The web server continues here.
        if (ending.IsCompletedSuccessfully)
            _ended.SetResult();
        else
            _ = EndAsync(ending);
    }

    private async Task EndAsync(Task ending)
    {
        await ending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ended.SetFromTask(ending);
    }
}
