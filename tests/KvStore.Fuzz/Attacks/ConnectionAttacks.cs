using System.Net.Sockets;

namespace KvStore.Fuzz;

/// <summary>More connections than the process has descriptors.</summary>
internal sealed class DescriptorAttack : Attack
{
    private const int Connections = 4200;

    public override string Name => "descriptors";

    public override string Input => "4,200 idle connections, ulimit -n 4096";

    public override int? DescriptorsMax => 4096;

    public override async Task RunAsync(Attacker attacker)
    {
        // Large values make the log roll: a segment must be opened while there is no descriptor. The writers come first, because no connection is accepted then.
        var rolling = attacker.RepeatAsync(2, (connection, i) => Texts.Put($"roll/{connection}", Texts.Mebibyte));
        for (var i = 0; i < Connections && !attacker.End.IsCancellationRequested; i++)
            await attacker.HoldAsync("", i / 400);
        await rolling;
    }
}

/// <summary>As many idle connections as the service accepts, all from one address.</summary>
internal sealed class IdleConnectionAttack : Attack
{
    private const int Connections = 16_384;

    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(5);

    public override string Name => "idle-connections";

    public override string Input => "16,384 idle connections from one address, and 200 more attempts a second";

    public override WatchdogLimits Limits { get; } = new() { ResidentBytesMax = ResidentBytesMax, OutputBytesMax = 1 << 20 };

    public override async Task RunAsync(Attacker attacker)
    {
        for (var i = 0; i < Connections && !attacker.End.IsCancellationRequested; i++)
            await attacker.HoldAsync("");
        while (!attacker.End.IsCancellationRequested)
        {
            await attacker.HoldAsync("");
            await attacker.WaitAsync(TimeSpan.FromMilliseconds(5));
        }
    }

    /// <summary>A client at another address still reaches the service.</summary>
    public override async Task<string?> CheckAsync(Attacker attacker)
    {
        try
        {
            using var timeout = new CancellationTokenSource(AnswerMax);
            using var connection = await attacker.OpenAsync(source: 9, cancellationToken: timeout.Token);
            var answer = await connection.ExchangeAsync(Texts.Get("/livez"), timeout.Token);
            return answer.IsSuccess ? null : $"/livez: {answer}";
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException)
        {
            return $"/livez cannot be reached from another address: {exception.Message}";
        }
    }
}

/// <summary>
/// HTTP/2 streams that are reset as soon as they are opened, long polls, and as soon as their answers wait for the connection's window,
/// large values. The service must end what it has begun, and not alert anyone.
/// </summary>
internal sealed class RapidResetAttack : Attack
{
    private const uint PollsPerConnection = 1000;
    private const uint ReadsPerRound = 90;
    private const uint Rounds = 8;
    private const int Connections = 4;

    private static readonly TimeSpan ReadMax = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RoundInterval = TimeSpan.FromMilliseconds(20);

    public override string Name => "rapid-resets";

    public override string Input => "HTTP/2 long polls and GETs of 1 MiB that are reset, 4 connections each, again after each is closed";

    public override WatchdogLimits Limits { get; } = new() { ResidentBytesMax = ResidentBytesMax, OutputBytesMax = 1 << 20 };

    public override Task PrepareAsync(Attacker attacker) => attacker.ExpectAsync(Texts.Put("read/0", Texts.Mebibyte));

    public override Task RunAsync(Attacker attacker)
    {
        ReadOnlyMemory<byte>[] polls = [Polls()];
        ReadOnlyMemory<byte>[] reads = [new Http2Frames().Preface((Http2Frames.InitialWindowSize, 1 << 20)).Bytes, .. Enumerable.Range(0, (int)Rounds).SelectMany(round => Reads((uint)round * ReadsPerRound))];
        return Task.WhenAll(Enumerable.Range(0, 2 * Connections).Select(number => Task.Run(async () =>
        {
            while (!attacker.End.IsCancellationRequested)
                await attacker.SendAndCloseAsync(number < Connections ? polls : reads, RoundInterval, ReadMax, number % Connections);
        })));
    }

    private static ReadOnlyMemory<byte> Polls()
    {
        var frames = new Http2Frames().Preface();
        for (var stream = 0u; stream < PollsPerConnection; stream++)
            frames.Request((2 * stream) + 1, "GET", "/v1/kv/absent?wait=60").Number(Http2Frames.ResetStream, (2 * stream) + 1, 8);
        return frames.Bytes;
    }

    // The answer of the first stream fills the window of the connection, which is never opened again.
    private static ReadOnlyMemory<byte>[] Reads(uint first)
    {
        var (requests, resets) = (new Http2Frames(), new Http2Frames());
        for (var stream = first; stream < first + ReadsPerRound; stream++)
        {
            requests.Request((2 * stream) + 1, "GET", "/v1/kv/read/0");
            resets.Number(Http2Frames.ResetStream, (2 * stream) + 1, 8);
        }

        return [requests.Bytes, resets.Bytes];
    }
}
