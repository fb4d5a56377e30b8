using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using KvStore.Crdt;
using KvStore.TraceReplay;

// Replays an editing trace of one author: program FILE ROUNDS [keystrokes]. Prints a line of JSON, as replay.mjs does, and one about keystrokes.
var trace = JsonDocument.Parse(new GZipStream(File.OpenRead(args[0]), CompressionMode.Decompress)).RootElement;
var edits = trace.GetProperty("txns").EnumerateArray()
    .SelectMany(transaction => transaction.GetProperty("patches").EnumerateArray())
    .Select(patch => (Position: patch[0].GetInt32(), Deleted: patch[1].GetInt32(), Inserted: patch[2].GetString()!)).ToArray();
var end = trace.GetProperty("endContent").GetString();

List<double> replays = [];
List<double> saves = [];
List<double> loads = [];
TextReplica text = null!;
byte[] state = [];
for (var round = 0; round < int.Parse(args[1], CultureInfo.InvariantCulture); round++)
{
    text = (TextReplica)MergeableValue.Create(CrdtType.Text, ReplicaId.Create());
    replays.Add(Time(() =>
    {
        foreach (var (position, deleted, inserted) in edits)
        {
            text.Delete(position, deleted);
            text.Insert(position, inserted);
        }
    }));
    saves.Add(Time(() => state = text.Encode()));
    TextReplica? loaded = null;
    loads.Add(Time(() => loaded = (TextReplica?)MergeableValue.TryLoad(state, ReplicaId.Create())));
    if (text.GetText() != end || loaded!.GetText() != end)
        throw new InvalidOperationException("The text is not the one that the trace ends with.");
}

text = null!;
var empty = GC.GetTotalMemory(forceFullCollection: true);
text = (TextReplica)MergeableValue.TryLoad(state, ReplicaId.Create())!;
var memory = GC.GetTotalMemory(forceFullCollection: true) - empty;
Console.WriteLine(JsonSerializer.Serialize(new
{
    library = "KvStore.Crdt",
    edits = edits.Length,
    replay = Median(replays),
    first = replays[0],
    save = Median(saves),
    load = Median(loads),
    bytes = state.Length,
    memory,
}));
GC.KeepAlive(text);
if (args is [_, _, "keystrokes"])
    Keystrokes.Measure(state);

static double Time(Action action)
{
    GC.Collect();
    var start = Stopwatch.GetTimestamp();
    action();
    return Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1);
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
