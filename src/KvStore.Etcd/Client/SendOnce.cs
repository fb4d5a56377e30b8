namespace KvStore.Etcd;

/// <summary>
/// Whether the message of a call has been sent. It is what makes "nothing was sent" a fact and not a guess from an exception's type: a failed call
/// withdraws its message, and if that succeeds, no connection had taken the message, and none will.
/// </summary>
internal sealed class SendOnce
{
    private const int Pending = 0;
    private const int Sent = 1;
    private const int Withdrawn = 2;

    // The library of gRPC takes nothing of the caller's down to the handler, but the execution context flows through it.
    private static readonly AsyncLocal<SendOnce?> OfCall = new();

    private int _state;

    /// <summary>The one of the call that is being made.</summary>
    public static SendOnce? Current
    {
        get => OfCall.Value;
        set => OfCall.Value = value;
    }

    /// <summary>True the first time, unless withdrawn: the message may be sent.</summary>
    public bool TrySend() => Interlocked.CompareExchange(ref _state, Sent, Pending) == Pending;

    /// <summary>Whether the message has not been sent; it then never will be.</summary>
    public bool TryWithdraw() => Interlocked.CompareExchange(ref _state, Withdrawn, Pending) != Sent;
}
