namespace KvStore.Server;

/// <summary>
/// What some files say together, read again when their contents change. Files that cannot be used replace nothing. Thread-safe.
/// </summary>
/// <remarks>
/// By reading them every few seconds: they are small, and events of the file system miss what Kubernetes and certbot do, which swap a
/// symbolic link on the way to the file.
/// </remarks>
internal sealed class ReloadedFiles<T> : IDisposable
    where T : class
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly string[] _paths;
    private readonly Func<byte[][], T> _parse;
    private readonly Action<T> _reloaded;
    private readonly Action<Exception> _failed;
    private readonly ITimer _timer;
    private volatile T _current;

    // Only the timer uses these, and it runs once at a time.
    private byte[][]? _used;
    private byte[][]? _unusable;
    private string? _lastFailure;
    private bool _isReported;

    /// <summary>Reads the files for the first time.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="parse">Makes the value of the files' contents, in the order of their paths, or throws.</param>
    /// <param name="time">The clock.</param>
    /// <param name="reloaded">Receives each later value.</param>
    /// <param name="failed">Receives why changed files cannot be used, once until they change again.</param>
    public ReloadedFiles(string[] paths, Func<byte[][], T> parse, TimeProvider time, Action<T> reloaded, Action<Exception> failed)
    {
        (_paths, _parse, _reloaded, _failed) = (paths, parse, reloaded, failed);
        _used = Read();
        _current = parse(_used);
        _timer = time.CreateTimer(static files => ((ReloadedFiles<T>)files!).Poll(), this, Interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The value of the last files that could be used.</summary>
    public T Current => _current;

    public void Dispose() => _timer.Dispose();

    private void Poll()
    {
        byte[][]? contents = null;
        try
        {
            contents = Read();
            if (!AreEqual(contents, _used) && !(_isReported && AreEqual(contents, _unusable)))
            {
                var value = _parse(contents);
                (_current, _used, _unusable, _lastFailure, _isReported) = (value, contents, null, null, false);
                _reloaded(value);
            }
        }
        catch (Exception exception)
        {
            // What still fails after an interval is no change that was met half way, such as a certificate whose key comes a moment later.
            var isSettled = _lastFailure is not null && AreEqual(contents, _unusable) && (contents is not null || exception.Message == _lastFailure);
            if (isSettled && !_isReported)
                _failed(exception);
            (_unusable, _lastFailure, _isReported) = (contents, exception.Message, isSettled);
        }

        try
        {
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The service stops.
        }
    }

    private byte[][] Read() => Array.ConvertAll(_paths, File.ReadAllBytes);

    private static bool AreEqual(byte[][]? left, byte[][]? right) =>
        ReferenceEquals(left, right) || (left is not null && right is not null && left.Zip(right).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)));
}
