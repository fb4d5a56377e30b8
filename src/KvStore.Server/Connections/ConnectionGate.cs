using System.Runtime.InteropServices;

namespace KvStore.Server;

/// <summary>
/// Counts the open connections of one kind, and decides whether there may be another one. Thread-safe: a lock for each connection that
/// opens or ends, none for its requests.
/// </summary>
/// <param name="max">How many may be open.</param>
/// <param name="perAddressMax">How many of one address.</param>
/// <param name="memory">Charged for each; null for a few connections that must be possible always.</param>
internal sealed class ConnectionGate(int max, int perAddressMax, MemoryAccount? memory)
{
    private readonly Lock _lock = new();

    // Guarded by the lock. No address is in it without a connection, so it is bounded as they are.
    private readonly Dictionary<AddressKey, int> _byAddress = [];
    private int _open;
    private long _refused;
    private long _refusedPerAddress;

    /// <summary>Connections that are open now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Connections that were closed at once because there were too many, or no memory for one more.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Connections that were closed at once because there were too many from their address.</summary>
    public long RefusedPerAddress => Interlocked.Read(ref _refusedPerAddress);

    /// <summary>Counts one more connection unless that is too many. The caller releases its admission when the connection is closed.</summary>
    /// <param name="address">Null exempts it from the limit per address.</param>
    public Admission TryEnter(AddressKey? address)
    {
        lock (_lock)
        {
            if (_open >= max)
            {
                _refused++;
                return Admission.TooMany;
            }

            var key = perAddressMax < max ? address : null;
            if (key is not null && _byAddress.GetValueOrDefault(key.Value) >= perAddressMax)
            {
                _refusedPerAddress++;
                return Admission.TooManyOfAddress;
            }

            if (memory?.TryCharge(ConnectionLimits.ConnectionBytes) == false)
            {
                _refused++;
                return Admission.NoMemory;
            }

            if (key is not null)
                CollectionsMarshal.GetValueRefOrAddDefault(_byAddress, key.Value, out _)++;
            _open++;
            return Admission.Admitted;
        }
    }

    /// <summary>Ends what <see cref="TryEnter"/> admitted, once.</summary>
    public void Leave(AddressKey? address)
    {
        lock (_lock)
        {
            _open--;
            memory?.Release(ConnectionLimits.ConnectionBytes);
            if (address is not { } key || perAddressMax >= max)
                return;
            ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_byAddress, key);
            if (--count == 0)
                _byAddress.Remove(key);
        }
    }
}

/// <summary>What a gate says of one more connection.</summary>
internal enum Admission
{
    Admitted,
    TooMany,
    NoMemory,
    TooManyOfAddress,
}
