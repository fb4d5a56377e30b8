using System.Collections.Immutable;

namespace KvStore.SystemTests;

/// <summary>What the service answered.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Revision">Of the state that was read, or of the write.</param>
internal sealed record Answer(int Status, long Revision)
{
    /// <summary>The revision in the ETag, if there is one.</summary>
    public long? EntryRevision { get; init; }

    /// <summary>The value, if the answer has one.</summary>
    public string? Value { get; init; }

    /// <summary>The state of each key in a listing.</summary>
    public ImmutableArray<Register> Registers { get; init; } = [];

    /// <summary>For each step of a transaction what came of it.</summary>
    public ImmutableArray<StepResult> Results { get; init; } = [];

    /// <summary>The guards of a transaction that did not hold.</summary>
    public ImmutableArray<FailedGuard> Failed { get; init; } = [];

    /// <summary>Whether the operation was carried out and may have changed something.</summary>
    public bool IsSuccess => Status is >= 200 and < 300;

    public override string ToString() =>
        $"{Status} at {Revision}" + (EntryRevision is { } entry ? $" ETag {entry}" : "") + (Value is { } value ? $": {value}" : "")
        + (Registers.IsEmpty ? "" : ": " + string.Join(", ", Registers.Select((register, key) => $"{Call.NameOf(key)} = {register}")))
        + (Results.IsEmpty ? "" : ": " + string.Join(", ", Results)) + (Failed.IsEmpty ? "" : ": " + string.Join(", ", Failed));
}
