namespace KvStore.Fuzz;

/// <summary>What a run of the fuzzer does, and when it fails.</summary>
internal sealed record FuzzOptions
{
    public long Requests { get; init; } = 100_000;

    public int Seed { get; init; } = Random.Shared.Next();

    /// <summary>Connections that carry out cases at the same time.</summary>
    public int Connections { get; init; } = 48;

    /// <summary>Connections that are left open and unread at the same time.</summary>
    public int HeldConnections { get; init; } = 400;

    /// <summary>Only this kind of sequence, and more often.</summary>
    public string? Theme { get; init; }

    /// <summary>Whether there are sequences that amplify.</summary>
    public bool IsAmplified { get; init; } = true;

    /// <summary>How long the answer to a complete request may take: more than the 30 seconds that an import waits for the queue.</summary>
    public TimeSpan AnswerMax { get; init; } = TimeSpan.FromSeconds(60);

    public WatchdogLimits Limits { get; init; } = new();

    /// <summary>Reports progress once a second.</summary>
    public Action<string> Report { get; init; } = _ => { };
}
