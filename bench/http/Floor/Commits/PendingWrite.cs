using System.Threading.Tasks.Sources;

namespace KvStore.Floor.Commits;

/// <summary>A write that waits until it is on disk. It is awaited once.</summary>
/// <param name="value">What is written. It must not change until then.</param>
/// <param name="answersInline">Whether the thread that completes the write also runs what follows, up to the answer on its way to the socket.</param>
internal sealed class PendingWrite(byte[] value, bool answersInline) : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _completion = new() { RunContinuationsAsynchronously = !answersInline };

    public byte[] Value { get; } = value;

    public ValueTask Completion => new(this, _completion.Version);

    public void Complete() => _completion.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);
}
