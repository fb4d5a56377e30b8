using System.Globalization;

namespace KvStore.SystemTests.Linearizability;

/// <summary>A store for one client at a time, which answers calls as the service must.</summary>
internal sealed class SequentialStore(int keys)
{
    private readonly Register[] _registers = new Register[keys];
    private long _revision;

    public Answer Answer(Call call) => call switch
    {
        Get get => _registers[get.Key] is { Value: { } value, Revision: var revision }
            ? new Answer(200, _revision) { Value = value, EntryRevision = revision }
            : new Answer(404, _revision),
        Put put => Holds(put.Condition, _registers[put.Key]) ? Write(put.Key, put.Value) : Refuse(put.Key),
        Delete delete => _registers[delete.Key].IsAbsent ? new Answer(404, _revision)
            : Holds(delete.Condition, _registers[delete.Key]) ? Remove(delete.Key) : Refuse(delete.Key),
        Add add => long.TryParse(_registers[add.Key].Value ?? "0", CultureInfo.InvariantCulture, out var number)
            ? Write(add.Key, $"{number + add.By}") with { Status = 200, EntryRevision = null, Value = $"{number + add.By}" }
            : new Answer(409, _revision),
        List => new Answer(200, _revision) { Registers = [.. _registers] },
        _ => throw new InvalidOperationException($"Unknown call {call}."),
    };

    private static bool Holds(Condition condition, Register entry) => condition.Kind switch
    {
        ConditionKind.Exists => entry != default,
        ConditionKind.Absent => entry == default,
        ConditionKind.RevisionIs => entry.Revision == condition.Revision,
        ConditionKind.RevisionIsNot => entry.Revision != condition.Revision,
        _ => true,
    };

    private Answer Write(int key, string value)
    {
        var status = _registers[key] == default ? 201 : 204;
        _registers[key] = new Register(value, ++_revision);
        return new Answer(status, _revision) { EntryRevision = _revision };
    }

    private Answer Remove(int key)
    {
        _registers[key] = default;
        return new Answer(204, ++_revision);
    }

    private Answer Refuse(int key) => new(412, _revision) { EntryRevision = _registers[key].Revision };
}
