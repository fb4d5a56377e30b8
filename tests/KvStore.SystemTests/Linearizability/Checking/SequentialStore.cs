using System.Globalization;
using System.Text.Json;

namespace KvStore.SystemTests;

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
        Patch patch => _registers[patch.Key].Value switch
        {
            null => new Answer(404, _revision),
            ['v', ..] => new Answer(409, _revision),
            var value => Write(patch.Key, Merge(value, patch)) with { Status = 204 },
        },
        DeletePrefix => RemoveAll(),
        Transaction transaction => Answer(transaction),
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

    private static string Merge(string value, Patch patch)
    {
        var members = value[0] == '{' ? JsonSerializer.Deserialize<Dictionary<string, long>>(value)! : [];
        members[patch.Member] = patch.Number;
        return JsonSerializer.Serialize(members);
    }

    private Answer RemoveAll()
    {
        var present = _registers.Count(entry => !entry.IsAbsent);
        Array.Clear(_registers);
        return new Answer(200, present > 0 ? ++_revision : _revision) { Value = $"{present}" };
    }

    private Answer Answer(Transaction transaction)
    {
        var failed = new List<FailedGuard>();
        foreach (var (field, (key, condition)) in transaction.AllGuards)
        {
            var isHeld = condition is { Kind: ConditionKind.RevisionIs, Revision: 0 } ? _registers[key] == default : Holds(condition, _registers[key]);
            if (!isHeld)
                failed.Add(new FailedGuard(field, key, _registers[key].Revision));
        }

        if (failed.Count > 0)
            return new Answer(412, _revision) { Failed = [.. failed] };
        var before = (Register[])_registers.Clone();
        var changes = transaction.Steps.Any(step => step is PutStep or MoveStep || (step is DeleteStep && !before[step.Key].IsAbsent));
        var revision = changes ? ++_revision : _revision;
        var results = new List<StepResult>();
        foreach (var step in transaction.Steps)
        {
            results.Add(step switch
            {
                PutStep => new StepResult(before[step.Key].IsAbsent, revision),
                DeleteStep => new StepResult(!before[step.Key].IsAbsent),
                GetStep => new StepResult(Entry: before[step.Key]),
                _ => new StepResult(Revision: revision),
            });
            if (step is not GetStep)
                _registers[step.Key] = step is PutStep put ? new Register(put.Value, revision) : default;
            if (step is MoveStep move)
                _registers[move.To] = new Register(before[move.Key].Value, revision);
        }

        return new Answer(200, revision) { Results = [.. results] };
    }

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
