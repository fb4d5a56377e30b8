using System.Text;
using KvStore.Crdt;

namespace KvStore.Server.Tests;

/// <summary>A client that keeps a replica of the text, edits it offline, and exchanges it with one region and then another.</summary>
internal sealed class RegionEditor(RegionGroup group, RegionHistory history, Random random)
{
    private readonly List<char> _inserted = [];
    private readonly List<char> _deleted = [];
    private TextReplica? _replica;

    private string Target => $"/v1/crdt/{RegionGroup.Prefix}{history.Text}";

    public async Task EditAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (_replica is null)
            {
                await TryLoadAsync();
                continue;
            }

            for (var edits = random.Next(1, 4); edits > 0; edits--)
                Edit(_replica);
            if (random.Next(2) == 0)
                await TryExchangeAsync(random.Next(group.Count));
        }
    }

    /// <summary>Exchanges what is left, as a client does that comes online.</summary>
    public Task FinishAsync() => Soon.UntilAsync(async () => _replica is null || await TryExchangeAsync(random.Next(group.Count)));

    private void Edit(TextReplica replica)
    {
        if (replica.Length > 0 && random.Next(4) == 0)
        {
            var at = random.Next(replica.Length);
            _deleted.Add(replica.GetText()[at]);
            Assert.Equal(IntentOutcome.Applied, replica.Delete(at, 1));
            return;
        }

        var character = history.NewCharacter();
        _inserted.Add(character);
        Assert.Equal(IntentOutcome.Applied, replica.Insert(random.Next(replica.Length + 1), character.ToString()));
    }

    private async Task TryLoadAsync()
    {
        var index = random.Next(group.Count);
        var answer = await RegionHistory.TryAsync(() => group.Client(index).GetAsync(Target, ("Accept", "application/vnd.kvstore.delta+json")));
        if (answer is { Status: 200 })
            _replica = (TextReplica?)MergeableValue.TryLoad(answer.Json.GetProperty("delta").GetBytesFromBase64(), ReplicaId.Create());
    }

    // First what it lacks, then what the region lacks.
    private async Task<bool> TryExchangeAsync(int index)
    {
        if (await PushAsync(index, null) is not { } version || await PushAsync(index, _replica!.DeltaSince(version)) is null)
            return false;
        _inserted.ForEach(history.Inserted);
        _deleted.ForEach(history.Deleted);
        _inserted.Clear();
        _deleted.Clear();
        return true;
    }

    private async Task<VersionVector?> PushAsync(int index, byte[]? delta)
    {
        var body = $"{{\"replica\":\"{_replica!.Self}\",\"version\":\"{_replica.Version}\"{(delta is null ? "" : $",\"delta\":\"{Convert.ToBase64String(delta)}\"")}}}";
        var answer = await RegionHistory.TryAsync(() => group.Client(index).SendAsync(
            "POST", Target, new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { { "Content-Type", "application/vnd.kvstore.delta+json" } } }));
        if (answer is null or { Status: 404 or 429 or 503 or 504 })
            return null;
        answer.Expect(200);
        if (answer.Json.TryGetProperty("delta", out var lacking))
            Assert.Contains(_replica.Merge(lacking.GetBytesFromBase64()), (MergeOutcome[])[MergeOutcome.Merged, MergeOutcome.Unchanged]);
        return VersionVector.TryParse(answer.Json.GetProperty("version").GetString()!);
    }
}
