using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KvStore.Crdt.Exchange;

/// <summary>Replicas by name, and the steps of tests/crdt-vectors/README.md with them.</summary>
internal sealed class Session
{
    private static readonly Dictionary<string, CrdtType> Types = new()
    {
        ["g-counter"] = CrdtType.GCounter,
        ["pn-counter"] = CrdtType.PNCounter,
        ["g-set"] = CrdtType.GSet,
        ["or-set"] = CrdtType.ORSet,
        ["text"] = CrdtType.Text,
    };

    private readonly Dictionary<string, CrdtReplica> _replicas = [];
    private readonly List<string?> _deltas = [];

    public CrdtReplica this[string name] => _replicas[name];

    public IEnumerable<string> Names => _replicas.Keys;

    /// <summary>Makes a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="isFull">Whether the result has the state and the value, and the version also if it is the one before.</param>
    public JsonObject Execute(JsonObject step, bool isFull)
    {
        var result = new JsonObject();
        var name = Text(step, "replica");
        var before = _replicas.GetValueOrDefault(name)?.Version;
        Execute(step, name, result);
        _deltas.Add(result["delta"]?.GetValue<string>());
        if (isFull)
            Describe(name, result);
        else if (this[name].Version is var version && !version.Equals(before))
            result["version"] = version.ToString();
        return result;
    }

    /// <summary>Adds what a replica has to a result.</summary>
    public void Describe(string name, JsonObject result)
    {
        var replica = this[name];
        result["version"] = replica.Version.ToString();
        result["state"] = Convert.ToBase64String(replica.Encode());
        result["value"] = replica switch
        {
            CounterReplica counter => counter.Value.ToString(CultureInfo.InvariantCulture),
            SetReplica set => new JsonArray([.. set.Elements.Select(element => JsonValue.Create(element))]),
            _ => ((TextReplica)replica).GetText(),
        };
    }

    private void Execute(JsonObject step, string name, JsonObject result)
    {
        switch (Text(step, "op"))
        {
            case "create":
                _replicas[name] = Create(Types[Text(step, "type")], Id(Text(step, "lineage")).Value, Id(Text(step, "id")));
                break;
            case "load":
                var state = step["from"] is { } from ? this[from.GetValue<string>()].Encode() : Convert.FromBase64String(Text(step, "state"));
                _replicas[name] = MergeableValue.TryLoad(state, Id(Text(step, "id"))) ?? throw new FormatException("No state, or one that has dropped the id.");
                break;
            case "increment":
                Note(result, ((CounterReplica)this[name]).Increment(long.Parse(Text(step, "amount"), CultureInfo.InvariantCulture), out var incremented), incremented);
                break;
            case "change":
                Note(result, ((SetReplica)this[name]).Change(Texts(step, "add"), Texts(step, "remove"), Version(step, "context"), out var changed), changed);
                break;
            case "edit":
                Note(result, ((TextReplica)this[name]).Edit(Edits(step), Version(step, "base"), out var edited), edited);
                break;
            case "merge":
                result["outcome"] = Camel(this[name].Merge(Delta(step["delta"]!)));
                break;
            case "deltaSince":
                result["delta"] = this[name].DeltaSince(step["to"] is { } to ? this[to.GetValue<string>()].Version : Version(step, "version")!) is { } delta ? Convert.ToBase64String(delta) : null;
                break;
            case "collect":
                var retired = Texts(step, "retired").Select(Id).ToArray();
                result["outcome"] = this[name].Collect(retired, Version(step, "stable")!, step["floor"]!.GetValue<ulong>()) ? "collected" : "unchanged";
                break;
            case var other:
                throw new FormatException($"There is no step {other}.");
        }
    }

    // Base64, or the number of the step that gave it.
    private byte[] Delta(JsonNode delta) =>
        Convert.FromBase64String(delta.GetValueKind() == JsonValueKind.Number ? _deltas[delta.GetValue<int>()] ?? throw new FormatException("That step gave no delta.") : delta.GetValue<string>());

    private static CrdtReplica Create(CrdtType type, ulong lineage, ReplicaId id) =>
        MergeableValue.TryLoad(Empty(type, lineage), id) ?? throw new FormatException("An empty state is one.");

    // Format, type, lineage, epoch 0, no intervals, and of a text no characters.
    private static byte[] Empty(CrdtType type, ulong lineage) => [1, (byte)type, .. BitConverter.GetBytes(lineage), 0, 0, .. type == CrdtType.Text ? new byte[1] : []];

    private static void Note(JsonObject result, IntentOutcome outcome, byte[] delta)
    {
        result["outcome"] = Camel(outcome);
        if (delta.Length > 0)
            result["delta"] = Convert.ToBase64String(delta);
    }

    private static string Camel(Enum outcome)
    {
        var text = outcome.ToString();
        return char.ToLowerInvariant(text[0]) + text[1..];
    }

    private static string Text(JsonObject step, string field) => step[field]!.GetValue<string>();

    private static string[] Texts(JsonObject step, string field) => [.. (step[field]?.AsArray() ?? []).Select(text => text!.GetValue<string>())];

    private static ReplicaId Id(string text) => ReplicaId.TryParse(text, out var id) ? id : throw new FormatException($"{text} is no id.");

    private static VersionVector? Version(JsonObject step, string field) =>
        step[field] is not { } version ? null : VersionVector.TryParse(version.GetValue<string>()) ?? throw new FormatException($"{field} is no version.");

    private static TextEdit[] Edits(JsonObject step) =>
        [.. step["edits"]!.AsArray().Select(edit => new TextEdit(edit!["at"]!.GetValue<int>(), edit["insert"]?.GetValue<string>(), edit["delete"]?.GetValue<int>() ?? 0))];
}
