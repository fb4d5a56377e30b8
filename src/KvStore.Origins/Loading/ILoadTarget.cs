namespace KvStore.Origins;

/// <summary>Where loads put what the origin answers. Thread-safe.</summary>
internal interface ILoadTarget
{
    /// <summary>Begins a load, immediately before each call.</summary>
    /// <returns>What to ask for, and what <see cref="StoreAsync"/> must find unchanged.</returns>
    LoadTicket Begin(Key key);

    /// <summary>Stores an answer. The load is in progress until then, so requests for its key wait for it.</summary>
    /// <param name="ticket">What <see cref="Begin"/> has returned for the call.</param>
    /// <param name="result">Found, not modified or absent; never a failure.</param>
    Task<LoadCommit> StoreAsync(LoadTicket ticket, LoadResult result);
}
