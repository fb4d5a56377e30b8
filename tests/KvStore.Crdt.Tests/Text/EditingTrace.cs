using System.IO.Compression;
using System.Text.Json;

namespace KvStore.Crdt.Tests;

/// <summary>
/// A public editing history, of josephg/editing-traces. They are not part of the repository: KVSTORE_EDITING_TRACES names their folder.
/// </summary>
/// <param name="End">The text that the history ends with.</param>
/// <param name="Transactions">Edits in an order in which each follows its parents; without parents, each follows the one before.</param>
internal sealed record EditingTrace(string End, EditingTrace.Transaction[] Transactions)
{
    public sealed record Transaction(int Author, int[] Parents, (int Position, int Deleted, string Inserted)[] Patches);

    public static EditingTrace ReadOrSkip(string name)
    {
        var file = Path.Join(Environment.GetEnvironmentVariable("KVSTORE_EDITING_TRACES"), name + ".json.gz");
        Assert.SkipUnless(File.Exists(file), "KVSTORE_EDITING_TRACES names no folder with " + name + ".json.gz.");
        using var trace = JsonDocument.Parse(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        return new EditingTrace(
            trace.RootElement.GetProperty("endContent").GetString()!,
            [
                .. trace.RootElement.GetProperty("txns").EnumerateArray().Select((transaction, index) => new Transaction(
                    transaction.TryGetProperty("agent", out var agent) ? agent.GetInt32() : 0,
                    transaction.TryGetProperty("parents", out var parents) ? [.. parents.EnumerateArray().Select(parent => parent.GetInt32())] : index == 0 ? [] : [index - 1],
                    [.. transaction.GetProperty("patches").EnumerateArray().Select(patch => (patch[0].GetInt32(), patch[1].GetInt32(), patch[2].GetString()!))])),
            ]);
    }
}
