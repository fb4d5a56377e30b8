using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>What the clients of a cluster saw. Each client adds to it under its lock.</summary>
internal sealed class ClusterHistory
{
    private readonly Lock _lock = new();
    private readonly List<Operation> _operations = [];
    private readonly List<Operation> _appends = [];
    private readonly List<Sight> _sights = [];
    private readonly HashSet<string> _rejectedAppends = [];
    private readonly List<string> _faults = [];

    public IReadOnlyList<Operation> Operations => _operations;

    public int Appends => _appends.Count;

    /// <summary>Writes that were answered 503 or 429 and not applied.</summary>
    public int Rejected { get; private set; }

    /// <summary>Writes that were answered 504.</summary>
    public int Unknown { get; private set; }

    /// <summary>Writes that were repeated with their Idempotency-Key until they were answered.</summary>
    public int Repeated { get; private set; }

    public int LocalReads => _sights.Count;

    /// <summary>A write with an Idempotency-Key that was answered, and its answer.</summary>
    public (string Request, Response Response)? Keyed { get; private set; }

    public void Add(Operation operation)
    {
        lock (_lock)
            (operation.Call is Append ? _appends : _operations).Add(operation);
    }

    public void AddRejected(Call call)
    {
        lock (_lock)
        {
            Rejected++;
            if (call is Append append)
                _rejectedAppends.Add(append.Value);
        }
    }

    public void AddUnknown()
    {
        lock (_lock)
            Unknown++;
    }

    public void AddRepeated()
    {
        lock (_lock)
            Repeated++;
    }

    public void AddKeyed(string request, Response response)
    {
        lock (_lock)
            Keyed = (request, response);
    }

    /// <summary>A local read that found a value.</summary>
    public void AddSight(int key, string? value, long? revision, Response response)
    {
        lock (_lock)
            _sights.Add(new Sight(key, value, revision, response));
    }

    public void AddFault(string fault)
    {
        lock (_lock)
            _faults.Add(fault);
    }

    /// <summary>What is wrong with it; null if nothing is.</summary>
    /// <param name="appended">A listing, after the last operation, of everything that was appended.</param>
    /// <param name="configurationsMax">The limit of <see cref="Checker.Check"/>.</param>
    public string? FindViolation(JsonElement appended, int configurationsMax) =>
        _faults.FirstOrDefault()
        ?? RevisionOrder.FindBackward([.. _operations.Concat(_appends).OrderBy(operation => operation.InvokedAt)])
        ?? FindWrongAppend(appended)
        ?? FindWrongSight()
        ?? Violation.Find(_operations, configurationsMax);

    private string? FindWrongAppend(JsonElement appended)
    {
        var stored = new Dictionary<string, long>();
        foreach (var item in appended.GetProperty("items").EnumerateArray())
        {
            var value = item.GetProperty("text").GetString()!;
            if (!stored.TryAdd(value, item.GetProperty("revision").GetInt64()))
                return $"{value} was appended twice: {appended}";
            if (_rejectedAppends.Contains(value) && !_appends.Exists(append => ((Append)append.Call).Value == value))
                return $"{value} is there, and was answered not-applied: {appended}";
        }

        foreach (var append in _appends.Where(append => append.Answer is { Status: 201 }))
        {
            if (!stored.TryGetValue(((Append)append.Call).Value, out var revision) || revision != append.Answer!.EntryRevision)
                return $"{append} is not there: {appended}";
        }

        return null;
    }

    // A local read may see an old state, but no other value than the one that was written at the revision that it names.
    private string? FindWrongSight()
    {
        var written = new Dictionary<(int Key, long Revision), string>();
        foreach (var operation in _operations)
        {
            if (operation is { Call: Put put, Answer: { IsSuccess: true, EntryRevision: { } revision } })
                written[(put.Key, revision)] = put.Value;
            else if (operation is { Call: Get get, Answer: { Status: 200, EntryRevision: { } seen, Value: { } value } })
                written[(get.Key, seen)] = value;
        }

        var wrong = _sights.Find(sight => sight.Revision is { } revision && written.TryGetValue((sight.Key, revision), out var value) && value != sight.Value);
        return wrong is null ? null : $"A local read saw {wrong.Value} at {wrong.Revision} instead of {written[(wrong.Key, wrong.Revision!.Value)]}: {wrong.Response}";
    }

    private sealed record Sight(int Key, string? Value, long? Revision, Response Response);
}
