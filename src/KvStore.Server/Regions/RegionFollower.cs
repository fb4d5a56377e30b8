using System.Net.ServerSentEvents;

namespace KvStore.Server;

/// <summary>
/// Follows the changes of one prefix in a region's store: by a watch, which resumes after any cut, and, if that is not possible, by a list of what there is beside a new watch.
/// </summary>
/// <remarks>Its position and how far it has listed are in memory only, as the keys are that it has found: a start begins anew.</remarks>
internal sealed class RegionFollower(RegionClient client, PendingKeys keys, StoreFollower here, RegionChannel channel, string prefix, int keyBytesMax, TimeProvider time)
{
    private static readonly Ending Ended = new("The region has ended the watch.");

    // Null: begin with what changes from now on.
    private string? _position;

    // After which key the list continues; null when all is listed.
    private string? _listAfter = "";

    /// <summary>Follows until the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await channel.WaitAsync(cancellationToken);
            var beganAt = time.GetTimestamp();
            var ending = await FollowAsync(cancellationToken);
            if (ending.StartsOver)
                (_position, _listAfter) = (null, "");
            channel.Fail(ending.Sentence, ending.RetryAfter, beganAt);
        }
    }

    private async Task<Ending> FollowAsync(CancellationToken cancellationToken)
    {
        using var connection = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answer = await client.WatchAsync(prefix, _position, connection.Token);
        if (answer.Body is not { } events)
            return new Ending(answer.Sentence, answer.RetryAfter, StartsOver: answer.Status == StatusCodes.Status410Gone);
        await using (events)
        {
            if (_position is null)
            {
                // What this store has sent there may be gone, too.
                keys.Enter(answer.Region!.Value);
                _position = string.Create(CultureInfo.InvariantCulture, $"{answer.Region.Value}.{answer.Revision}");
            }

            channel.Succeed();

            // Side by side, because the list may take longer than the history lasts.
            var listing = ListAsync(connection.Token);
            var reading = ReadAsync(events, connection.Token);
            try
            {
                return await await Task.WhenAny(listing, reading) ?? await reading ?? Ended;
            }
            finally
            {
                await connection.CancelAsync();
                await Task.WhenAll((Task)listing, reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // Returns what ended it; null if everything is listed.
    private async Task<Ending?> ListAsync(CancellationToken cancellationToken)
    {
        if (_listAfter is { Length: 0 })
            await here.ScanAsync(RegionSide.There, cancellationToken);
        while (_listAfter is { } after)
        {
            var answer = await client.ListAsync(prefix, after, cancellationToken);
            if (answer.Body is not { } page)
                return new Ending(answer.Sentence, answer.RetryAfter);
            foreach (var item in page.Items ?? [])
            {
                if (item.IsMergeable)
                    await HearAsync(item, cancellationToken);
                _listAfter = item.Key;
            }

            if (page.Cursor is null)
                _listAfter = null;
        }

        return null;
    }

    private async Task<Ending?> ReadAsync(RegionEvents events, CancellationToken cancellationToken)
    {
        try
        {
            while (await events.ReadAsync(cancellationToken) is { } item)
            {
                if (item.EventType == "gone")
                    return new Ending("The history of the region no longer has what follows, so everything is compared.", StartsOver: true);
                if (item.EventType is "reconnect" or "revoked")
                    return Ended;
                if (item.EventType == "change")
                    await HearAsync(item, cancellationToken);

                // Only now: what is before the position is not asked for again.
                _position = item.EventId ?? _position;
                channel.Succeed();
            }

            return new Ending("The connection of the watch has ended, or was silent.");
        }
        catch (Exception exception) when (exception is InvalidDataException or JsonException or InvalidOperationException)
        {
            return new Ending("An event of the region is too large, or not what this version understands, so everything is compared.", StartsOver: true);
        }
    }

    private async Task HearAsync(SseItem<string> item, CancellationToken cancellationToken)
    {
        var commit = JsonSerializer.Deserialize(item.Data, RegionWire.Default.WireCommit);
        foreach (var change in commit?.Changes ?? [])
        {
            if (change.IsMergeable)
                await HearAsync(change, cancellationToken);
            else if (KeyOf(change) is { } key)
                await keys.HearOtherAsync(RegionSide.There, key, commit!.Revision, cancellationToken);
        }
    }

    private async ValueTask HearAsync(WireItem item, CancellationToken cancellationToken)
    {
        if (KeyOf(item) is { } key)
            await keys.HearAsync(RegionSide.There, key, item.Revision, cancellationToken);
    }

    // Null for a key that this store could not have.
    private Key? KeyOf(WireItem item) => Key.TryCreate(Encoding.UTF8.GetBytes(item.Key ?? ""), keyBytesMax, out var key) == KeyProblem.None ? key : null;

    /// <summary>Why a connection ended.</summary>
    /// <param name="Sentence">The reason.</param>
    /// <param name="RetryAfter">How long the region wants to be left alone; null if it did not say.</param>
    /// <param name="StartsOver">Whether the watch cannot resume.</param>
    private sealed record Ending(string Sentence, TimeSpan? RetryAfter = null, bool StartsOver = false);
}
