using System.Runtime.InteropServices;

namespace KvStore.Server;

/// <summary>The body of a transaction: guards and operations. Every problem names its place in the body.</summary>
internal sealed class TransactionBody
{
    private const string Example = "a JSON object such as {\"guards\": [...], \"operations\": [{\"put\": {\"key\": \"a\", \"text\": \"b\"}}]}";
    private const string Shape = $"Send {Example}.";

    private readonly KvStoreOptions _options;
    private readonly DateTimeOffset _now;
    private readonly List<Operation> _operations = [];
    private readonly List<TransactionGuard> _guards = [];

    private TransactionBody(KvStoreOptions options, DateTimeOffset now) => (_options, _now) = (options, now);

    public static Problem? TryParse(ReadOnlySpan<byte> bytes, KvStoreOptions options, DateTimeOffset now, out TransactionBody body)
    {
        body = new TransactionBody(options, now);
        if (TextInput.TryOpen(bytes, Example, out var utf8) is { } problem)
            return problem;
        try
        {
            return body.TryRead(utf8);
        }
        catch (JsonException)
        {
            return JsonText.NotJson(utf8);
        }
    }

    /// <summary>The transaction. An answer without entries is short.</summary>
    public Transaction ToTransaction(Idempotency? idempotency) =>
        new(_guards.Count == 0 ? [] : [.. _guards.Select(guard => guard.Guard)], [.. _operations]) { Idempotency = idempotency, ContinuesInline = !_operations.Exists(operation => operation is Get) };

    public string FieldOf(Guard guard) => _guards.First(asked => asked.Guard == guard).Field;

    /// <summary>The problem of a principal that lacks a right that a guard or an operation needs, or null. Nothing is carried out then.</summary>
    public Problem? Check(Principal principal)
    {
        foreach (var guard in _guards)
        {
            if (Access.Check(principal, Rights.Read, guard.Guard.Key) is { } problem)
                return problem with { Field = guard.Field };
        }

        for (var i = 0; i < _operations.Count; i++)
        {
            if (Check(principal, _operations[i]) is { } problem)
                return problem with { Field = $"operations[{i}]" };
        }

        return null;
    }

    // The guard of a move has checked that its source may be read.
    private static Problem? Check(Principal principal, Operation operation) => operation switch
    {
        Get => Access.Check(principal, Rights.Read, operation.Key),
        Put => Access.Check(principal, Rights.Write, operation.Key),
        Delete => Access.Check(principal, Rights.Delete, operation.Key),
        Move move => Access.Check(principal, Rights.Delete, move.Key) ?? Access.Check(principal, Rights.Write, move.To),
        _ => throw new InvalidOperationException($"It is not said what {operation.GetType().Name} needs."),
    };

    private Problem? TryRead(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, JsonText.ReaderOptions);
        var seen = 0;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return Problems.MalformedRequest(Shape, "body");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var problem = JsonText.IsOn(ref reader, "guards"u8) ? JsonText.Once(ref seen, 1, "guards") ?? TryReadGuards(ref reader)
                : JsonText.IsOn(ref reader, "operations"u8) ? JsonText.Once(ref seen, 2, "operations") ?? TryReadOperations(ref reader, utf8)
                : JsonText.Unknown(ref reader, "guards, operations");
            if (problem is not null)
                return problem;
        }

        // Throws if anything follows the object.
        reader.Read();
        return (seen & 2) == 0 ? Problems.MalformedRequest(Shape, "operations")
            : Transaction.TryFindRepeatedKey(CollectionsMarshal.AsSpan(_operations), out var first, out var second) ? RepeatedKey(first, second)
            : null;
    }

    private Problem? TryReadGuards(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            return Problems.MalformedRequest("Give an array of guards.", "guards");
        for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
        {
            if (i == _options.TransactionGuardsMax)
                return Problems.MalformedRequest($"Give at most {_options.TransactionGuardsMax} guards.", "guards");
            if (TransactionMembers.TryReadGuard(ref reader, _options, out var guard) is { } problem)
                return JsonText.Below($"guards[{i}]", problem);
            _guards.Add(new TransactionGuard(guard!, i, IsOfMove: false));
        }

        return null;
    }

    private Problem? TryReadOperations(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            return Problems.MalformedRequest("Give an array of operations.", "operations");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (_operations.Count == _options.TransactionOperationsMax)
                return Problems.MalformedRequest($"Give at most {_options.TransactionOperationsMax} operations.", "operations");
            var problem = TransactionMembers.TryReadOperation(ref reader, utf8, _options, _now, out var operation);
            if (problem is not null)
                return JsonText.Below($"operations[{_operations.Count}]", problem);

            // Without this a move of nothing would be a success.
            if (operation is Move)
                _guards.Add(new TransactionGuard(Guard.Exists(operation.Key), _operations.Count, IsOfMove: true));
            _operations.Add(operation!);
        }

        return null;
    }

    private Problem RepeatedKey(int first, int second)
    {
        var member = _operations[second] is not Move move ? "key" : Writes(_operations[first], move.Key) ? "from" : "to";
        return Problems.MalformedRequest(
            $"The key is also written by operations[{first}]. A transaction writes a key once.",
            $"operations[{second}].{TransactionMembers.NameOf(_operations[second])}.{member}");
    }

    private static bool Writes(Operation operation, Key key) => operation.Key == key || (operation is Move move && move.To == key);

    /// <summary>A guard, and its place: among the guards, or the operation that needs it.</summary>
    private readonly record struct TransactionGuard(Guard Guard, int Index, bool IsOfMove)
    {
        public string Field => IsOfMove ? $"operations[{Index}].move.from" : $"guards[{Index}]";
    }
}
