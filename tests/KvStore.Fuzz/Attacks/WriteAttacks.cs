namespace KvStore.Fuzz;

/// <summary>Small transactions that each move as much as one may: the results are gigabytes if a move copies.</summary>
internal sealed class MoveAttack : Attack
{
    // Eight values of 1 MiB are a little more than MovedBytesMax admits.
    private const int KeysPerTransaction = 7;
    private const int Groups = 14;
    private const int Connections = 84;

    public override string Name => "moves";

    public override string Input => "transactions of 7 moves of 1 MiB, 84 connections";

    // The values and what the history keeps of them; copies would be several times that.
    public override WatchdogLimits Limits { get; } = new() { ResidentBytesMax = 900L << 20 };

    public override async Task PrepareAsync(Attacker attacker)
    {
        for (var i = 0; i < Groups * KeysPerTransaction; i++)
            await attacker.ExpectAsync(Texts.Put($"move/a/{i / KeysPerTransaction}/{i % KeysPerTransaction}", Texts.Mebibyte));
    }

    public override Task RunAsync(Attacker attacker)
    {
        var requests = Enumerable.Range(0, Groups).Select(group => new[] { Transaction($"move/a/{group}", $"move/b/{group}"), Transaction($"move/b/{group}", $"move/a/{group}") }).ToArray();
        return attacker.RepeatAsync(Connections, (connection, i) => requests[connection % Groups][i % 2]);
    }

    private static string Transaction(string from, string to) => Texts.Transaction(Enumerable.Range(0, KeysPerTransaction).Select(i => Texts.Move($"{from}/{i}", $"{to}/{i}")));
}

/// <summary>New lifetimes for large values: gigabytes of log if each logs the value.</summary>
internal sealed class LifetimeAttack : Attack
{
    private const int Keys = 64;

    public override string Name => "lifetimes";

    public override string Input => "PATCH ?ttl= on 1 MiB values, 64 connections";

    // A record is some hundred bytes; the large value of one is the least that would be noticed.
    public override WatchdogLimits Limits { get; } = new() { ResidentBytesMax = ResidentBytesMax, WrittenBytesMax = 256L << 20 };

    public override async Task PrepareAsync(Attacker attacker)
    {
        for (var i = 0; i < Keys; i++)
            await attacker.ExpectAsync(Texts.Put($"lifetime/{i}", Texts.Mebibyte));
    }

    public override Task RunAsync(Attacker attacker) => attacker.RepeatAsync(Keys, (connection, i) => Texts.SetLifetime($"lifetime/{connection}", 9000 + (int)(i % 1000)));
}

/// <summary>Small patches of large JSON: the result is parsed, copied and logged for each.</summary>
internal sealed class MergePatchAttack : Attack
{
    private const int Keys = 8;
    private const int Connections = 32;

    public override string Name => "merge-patches";

    public override string Input => "merge patches of 7 bytes on 878 KB of JSON, 32 connections";

    public override async Task PrepareAsync(Attacker attacker)
    {
        var json = Texts.LargeJson();
        for (var i = 0; i < Keys; i++)
            await attacker.ExpectAsync(Texts.Put($"patch/{i}", json, "application/json"));
    }

    public override Task RunAsync(Attacker attacker) => attacker.RepeatAsync(Connections, (connection, i) => Texts.MergePatch($"patch/{connection % Keys}", $"{{\"a\":{i % 10}}}"));
}

/// <summary>Transactions whose answers are large and recorded under idempotency keys.</summary>
internal sealed class IdempotencyAttack : Attack
{
    private const int Connections = 16;

    public override string Name => "idempotent-gets";

    public override string Input => "transactions that get 1 MB, each with a new Idempotency-Key, 16 connections";

    public override Task PrepareAsync(Attacker attacker) => attacker.ExpectAsync(Texts.Put("read/0", Texts.Mebibyte));

    public override Task RunAsync(Attacker attacker) => attacker.RepeatAsync(Connections, (connection, i) => Texts.Transaction(
        ["{\"get\":{\"key\":\"read/0\"}}", $"{{\"put\":{{\"key\":\"mark/{connection}\",\"text\":\"\"}}}}"], $"Idempotency-Key: {connection}-{i}\r\n"));
}
