namespace KvStore.Fuzz;

/// <summary>Bodies that are announced as 8 MiB and arrive byte by byte: gigabytes if the announcement is believed.</summary>
internal sealed class AnnouncedBodyAttack : Attack
{
    private const int Connections = 300;

    public override string Name => "announced-bodies";

    public override string Input => "300 transactions announced as 8 MiB, a byte every 2 s";

    public override async Task RunAsync(Attacker attacker)
    {
        for (var i = 0; i < Connections; i++)
            await attacker.HoldAsync("POST /v1/txn HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 8388608\r\n\r\n{", i % 4);
        await attacker.DribbleAsync(" ", TimeSpan.FromSeconds(2));
    }
}

/// <summary>1,000 answers of 1 MB that are not taken.</summary>
internal sealed class UnreadAnswerAttack : Attack
{
    private const int Connections = 1000;

    public override string Name => "unread-answers";

    public override string Input => "1,000 GETs of 1 MiB that are not read";

    public override Task PrepareAsync(Attacker attacker) => attacker.ExpectAsync(Texts.Put("read/0", Texts.Mebibyte));

    public override async Task RunAsync(Attacker attacker)
    {
        for (var i = 0; i < Connections && !attacker.End.IsCancellationRequested; i++)
            await attacker.HoldAsync(Texts.Get("/v1/kv/read/0"), i % 8, receiveBytes: 4096);
        await attacker.WaitForEndAsync();
    }
}

/// <summary>HTTP/2 streams whose window is 0, so that no answer can be sent.</summary>
internal sealed class ClosedWindowAttack : Attack
{
    private const int Connections = 20;
    private const uint Streams = 100;

    public override string Name => "closed-windows";

    public override string Input => "HTTP/2, 20 connections of 100 GETs of 1 MiB with a window of 0";

    public override Task PrepareAsync(Attacker attacker) => attacker.ExpectAsync(Texts.Put("read/0", Texts.Mebibyte));

    public override async Task RunAsync(Attacker attacker)
    {
        for (var i = 0; i < Connections; i++)
        {
            var frames = new Http2Frames().Preface((Http2Frames.InitialWindowSize, 0));
            for (var stream = 0u; stream < Streams; stream++)
                frames.Request((2 * stream) + 1, "GET", "/v1/kv/read/0");
            await attacker.HoldAsync(frames.Bytes, i % 4);
        }

        await attacker.WaitForEndAsync();
    }
}

/// <summary>Watches that never read, and transactions whose events are large and six times as large in JSON.</summary>
internal sealed class SilentWatchAttack : Attack
{
    private const int Watches = 8;

    // Eight values of 1 MiB are a little more than MovedBytesMax admits.
    private const int Keys = 7;

    public override string Name => "silent-watches";

    public override string Input => "8 watches that are not read, and transactions of 7 moves of 1 MiB of control characters";

    public override WatchdogLimits Limits { get; } = new() { ResidentBytesMax = 900L << 20 };

    public override async Task PrepareAsync(Attacker attacker)
    {
        var value = new string('\x01', 1 << 20);
        for (var i = 0; i < Keys; i++)
            await attacker.ExpectAsync(Texts.Put($"watched/a/{i}", value));
    }

    public override async Task RunAsync(Attacker attacker)
    {
        for (var i = 0; i < Watches; i++)
            await attacker.HoldAsync(Texts.Get("/v1/watch?prefix=watched/"), i % 4, receiveBytes: 4096);
        string[] requests = [Transaction("watched/a", "watched/b"), Transaction("watched/b", "watched/a")];
        await attacker.RepeatAsync(1, (_, i) => requests[i % 2]);
    }

    private static string Transaction(string from, string to) => Texts.Transaction(Enumerable.Range(0, Keys).Select(i => Texts.Move($"{from}/{i}", $"{to}/{i}")));
}
