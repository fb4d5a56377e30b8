using System.Globalization;
using System.Text.Json.Nodes;
using KvStore.Crdt.Exchange;

namespace KvStore.Crdt.Tests;

/// <summary>
/// Makes a random history in the form of tests/crdt-vectors/README.md: replicas that change a value, deltas that are repeated, reordered and mutated, and a
/// hub, named a, that collects and retires.
/// </summary>
internal sealed class VectorHistory
{
    private const int Steps = 10;

    private static readonly string[] Words = ["", "a", "b", "é", "日本", "\U0001F600", "\uFFFD", "longer element"];

    private readonly Random _random;
    private readonly Session _session = new();
    private readonly JsonArray _steps = [];
    private readonly List<int> _deltas = [];
    private int _ids;

    private VectorHistory(int seed) => _random = new Random(seed);

    public static JsonObject Make(string type, int seed)
    {
        var history = new VectorHistory(seed);
        history.Step("a", "create", ("type", type), ("lineage", history.NextId()), ("id", history.NextId()));
        history.Change("a");
        foreach (var name in (string[])["b", "c"])
            history.Load(name);
        for (var i = 0; i < Steps; i++)
            history.StepAtRandom();
        history.Settle();

        // Replicas that are equal, as they mostly are, are one.
        var end = new JsonArray();
        foreach (var replicas in history._session.Names.GroupBy(name => Convert.ToBase64String(history._session[name].Encode())))
        {
            var replica = new JsonObject { ["replicas"] = new JsonArray([.. replicas.Select(name => JsonValue.Create(name))]) };
            history._session.Describe(replicas.First(), replica);
            end.Add((JsonNode)replica);
        }

        return new JsonObject { ["name"] = $"{type} {seed}", ["steps"] = history._steps, ["end"] = end };
    }

    private string NextId() => (((ulong)++_ids * 0x9E3779B97F4A7C15) ^ (ulong)_random.NextInt64()).ToString("x16", CultureInfo.InvariantCulture);

    private void StepAtRandom()
    {
        var name = "abc"[_random.Next(3)..][..1];
        switch (_random.Next(10))
        {
            case < 4:
                Change(name);
                break;
            case < 6:
                Delta(name, "abc"[_random.Next(3)..][..1]);
                break;
            case < 8 when _deltas.Count > 0:
                Merge(name, _deltas[_random.Next(_deltas.Count)]);
                break;
            case 8 when _deltas.Count > 0:
                Merge(name, Mutate(_deltas[_random.Next(_deltas.Count)]));
                break;
            case 9:
                Collect(_random.Next(3));
                break;
        }
    }

    private void Change(string name)
    {
        var delta = _session[name] switch
        {
            CounterReplica => Step(name, "increment", ("amount", _random.Next(12) == 0 ? $"{long.MaxValue}" : $"{_random.Next(-5, 300)}")),
            SetReplica => Step(name, "change", ("add", Elements()), ("remove", _random.Next(3) == 0 ? new JsonArray() : Elements())),
            TextReplica text => Step(name, "edit", ("edits", Edits(text.Length))),
            _ => throw new ArgumentException(name),
        };
        Keep(delta);
    }

    private JsonArray Elements() => new([.. Enumerable.Range(0, _random.Next(3)).Select(_ => JsonValue.Create(Words[_random.Next(Words.Length)]))]);

    private JsonArray Edits(int length)
    {
        var edits = new JsonArray();
        for (var count = _random.Next(1, 4); count > 0; count--)
        {
            var at = _random.Next(length + 1);
            var deleted = Math.Min(length - at, _random.Next(8) < 5 ? 0 : _random.Next(4));
            var edit = new JsonObject { ["at"] = at };
            var inserted = deleted == 0 || _random.Next(4) == 0 ? string.Concat(Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Words[_random.Next(1, 6)])) : "";
            if (inserted.Length > 0)
                edit["insert"] = inserted;
            if (deleted > 0)
                edit["delete"] = deleted;
            edits.Add(edit);
            length += inserted.EnumerateRunes().Count() - deleted;
        }

        if (_random.Next(20) == 0)
            edits.Add(new JsonObject { ["at"] = length + 1, ["insert"] = "x" });
        return edits;
    }

    // Where the delta is that a replica lacks; null if only the state will do.
    private int? Delta(string from, string to) => Keep(Step(from, "deltaSince", ("to", to)));

    private int? Keep(JsonObject result)
    {
        if (result["delta"] is null)
            return null;
        _deltas.Add(_steps.Count - 1);
        return _steps.Count - 1;
    }

    private string Merge(string name, JsonNode delta) => Step(name, "merge", ("delta", delta))["outcome"]!.GetValue<string>();

    // A replica that is too old is made anew from the hub's state, under another id.
    private void Sync(string name)
    {
        if (Delta(name, "a") is not { } there || Merge("a", there) is "collected" or "gap" or "forked" ||
            Delta("a", name) is not { } back || Merge(name, back) is "outdated" or "forked")
            Load(name);
    }

    private void Load(string name) =>
        Step(name, "load", ("from", "a"), ("id", NextId()));

    private void Collect(int silent)
    {
        string[] live = [.. ((string[])["b", "c"]).Where((_, i) => i + 1 != silent)];
        foreach (var name in live)
            Sync(name);
        var hub = _session["a"];
        var stable = live.Aggregate(hub.Version, (all, name) => all.Meet(_session[name].Version));
        string[] kept = [.. live.Append("a").Select(name => _session[name].Self.ToString())];
        var retired = hub.Version.Entries.Select(entry => entry.Key.ToString()).Except(kept).Select(id => JsonValue.Create(id));
        Step("a", "collect", ("retired", new JsonArray([.. retired])), ("stable", stable.ToString()), ("floor", _random.Next(4) == 0 ? hub.Epoch : 0UL));
    }

    private void Settle()
    {
        foreach (var name in (string[])["b", "c", "b"])
            Sync(name);
    }

    private JsonObject Step(string name, string op, params (string Field, JsonNode Value)[] fields)
    {
        var step = new JsonObject { ["op"] = op, ["replica"] = name };
        foreach (var (field, value) in fields)
            step[field] = value;
        var result = _session.Execute(step, isFull: false);
        step["result"] = result;
        _steps.Add((JsonNode)step);
        return result;
    }

    private string Mutate(int step)
    {
        var bytes = Convert.FromBase64String(_steps[step]!["result"]!["delta"]!.GetValue<string>());
        bytes[_random.Next(_random.Next(8) == 0 ? 0 : 10, bytes.Length)] ^= (byte)(1 << _random.Next(8));
        return Convert.ToBase64String(_random.Next(6) == 0 ? bytes[.._random.Next(bytes.Length)] : bytes);
    }
}
