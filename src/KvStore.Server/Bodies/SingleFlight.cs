namespace KvStore.Server;

/// <summary>
/// Makes a value when it is first asked for, once: callers that ask meanwhile wait for the same one. Thread-safe. Unlike a
/// <see cref="Lazy{T}"/>, a failure, such as one for want of memory, is not kept: the next caller tries again.
/// </summary>
internal sealed class SingleFlight<T>(Func<Task<T>> make)
{
    private readonly Lock _lock = new();
    private Task<T>? _made;

    public Task<T> GetAsync()
    {
        if (Volatile.Read(ref _made) is { IsCompletedSuccessfully: true } made)
            return made;
        lock (_lock)
        {
            if (_made is null or { IsFaulted: true } or { IsCanceled: true })
                _made = Task.Run(make);
            return _made;
        }
    }
}
