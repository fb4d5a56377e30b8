namespace KvStore.Origins;

/// <summary>Logs statements in the journal: which, for which keys, and what came of it. Neither their text nor the connection string, which are the settings'. Thread-safe.</summary>
/// <param name="journal">The journal; null for none.</param>
/// <param name="time">The clock.</param>
internal sealed class SqlJournal(OriginJournal? journal, TimeProvider time)
{
    /// <summary>Begins a call. It is logged when it is disposed of.</summary>
    public Call Begin(string method, IReadOnlyList<string> keys, ReadOnlyMemory<byte>? written = null) => new(journal, time, method, keys) { Written = written };

    /// <summary>A call in progress. Used by one thread at a time.</summary>
    internal sealed class Call(OriginJournal? journal, TimeProvider time, string method, IReadOnlyList<string> keys) : IDisposable
    {
        private readonly DateTimeOffset _at = time.GetUtcNow();
        private ReadOnlyMemory<byte> _body;
        private int? _found;
        private bool _isComplete;

        /// <summary>Why the call failed; null if it did not.</summary>
        public string? Failure { get; set; }

        /// <summary>The value that is written; null if none is.</summary>
        public ReadOnlyMemory<byte>? Written { get; init; }

        /// <summary>What came of a query. The value of one key is logged, and of many how many there are.</summary>
        public void Complete(IReadOnlyList<LoadResult> results)
        {
            _isComplete = true;
            _found = results.OfType<LoadResult.Found>().Count();
            if (results is [LoadResult.Found found])
                _body = found.Value;
            Failure = results.OfType<LoadResult.Failed>().FirstOrDefault()?.Detail;
        }

        /// <summary>What came of a write.</summary>
        public WriteResult Complete(WriteResult result)
        {
            _isComplete = true;
            Failure = result switch
            {
                WriteResult.Refused refused => refused.Detail,
                WriteResult.Failed failed => failed.Detail,
                _ => null,
            };
            return result;
        }

        public void Dispose() => journal?.TryWrite(new OriginCall
        {
            At = _at,
            Elapsed = time.GetUtcNow() - _at,
            Method = method,
            Keys = keys,
            RequestBody = Written,
            Found = _found,
            Body = _body,
            Failure = Failure ?? (_isComplete ? null : "The call was given up."),
        });
    }
}
