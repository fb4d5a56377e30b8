using System.Globalization;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>Attacks that make the service keep old states of large entries.</summary>
internal abstract class SnapshotAttack : Attack
{
    protected const int Keys = 64;

    public override async Task PrepareAsync(Attacker attacker)
    {
        for (var i = 0; i < Keys; i++)
            await attacker.ExpectAsync(Texts.Put($"kept/{i}", Texts.Mebibyte));
    }

    /// <summary>Replaces one of the values by another of the same size.</summary>
    protected static string Replace(long number) => Texts.Put($"kept/{number % Keys}", Texts.Mebibyte);
}

/// <summary>Reads at many old revisions beside writes: each keeps a snapshot.</summary>
internal sealed class OldRevisionAttack : SnapshotAttack
{
    public override string Name => "old-revisions";

    public override string Input => "GETs at 64 old revisions beside PUTs of 1 MiB";

    public override Task RunAsync(Attacker attacker) => attacker.RepeatAsync(17, (connection, i) => connection == 0 ? Replace(i) : Texts.Get($"/v1/kv/kept/0?revision={1 + ((i + connection) % Keys)}"));
}

/// <summary>A page with a cursor and a write, again and again: each cursor keeps the snapshot of its page.</summary>
internal sealed class CursorAttack : SnapshotAttack
{
    public override string Name => "cursors";

    public override string Input => "{list with limit 1, PATCH ttl of 1 MiB}, 16 connections";

    public override Task RunAsync(Attacker attacker) => attacker.RepeatAsync(16, (connection, i) => i % 2 == 0 ? Texts.Get("/v1/kv?limit=1") : Texts.SetLifetime($"kept/{(connection + i) % Keys}", 9000 + (int)(i % 1000)));
}

/// <summary>Long polls that wait while large values are replaced.</summary>
internal sealed class LongPollAttack : SnapshotAttack
{
    private const int Polls = 60;

    public override string Name => "long-polls";

    public override string Input => "60 long polls, one begun after each PUT of 1 MiB";

    public override async Task RunAsync(Attacker attacker)
    {
        var replacing = attacker.RepeatAsync(2, (connection, i) => Replace((2 * i) + connection));
        for (var i = 0; i < Polls && !attacker.End.IsCancellationRequested; i++)
        {
            await attacker.HoldAsync(Texts.Get("/v1/kv/kept-not/0?wait=60"), i % 4);
            await attacker.WaitAsync(attacker.Time / (2 * Polls));
        }

        await replacing;
    }
}

/// <summary>Exports that are not read while the exported values are replaced.</summary>
internal sealed class ExportAttack : SnapshotAttack
{
    private const int Exports = 64;

    public override string Name => "exports";

    public override string Input => "64 exports that are not read, one begun after each few PUTs of 1 MiB";

    public override async Task RunAsync(Attacker attacker)
    {
        var replacing = attacker.RepeatAsync(2, (connection, i) => Replace((2 * i) + connection));
        for (var i = 0; i < Exports && !attacker.End.IsCancellationRequested; i++)
        {
            await attacker.HoldAsync(Texts.Get("/v1/export"), i % 4, receiveBytes: 4096);
            await attacker.WaitAsync(attacker.Time / (2 * Exports));
        }

        await replacing;
    }
}

/// <summary>Reads at revisions far in the past, each of which undoes every commit since; their clients leave before the answer.</summary>
internal sealed class HistoryWalkAttack : Attack
{
    private const int Connections = 16;
    private const int Imports = 20;
    private const int LinesPerImport = 50_000;
    private const int Keys = 1000;

    public override string Name => "history-walks";

    public override string Input => "1M changes, then GET ?revision=N with varied N, 16 connections";

    public override async Task PrepareAsync(Attacker attacker)
    {
        var lines = new StringBuilder();
        for (var i = 0; i < LinesPerImport; i++)
            lines.Append(CultureInfo.InvariantCulture, $"{{\"key\":\"walk/{i % Keys}\",\"text\":\"{i}\"}}\n");
        var import = Texts.Post("/v1/import", lines.ToString(), contentType: "application/x-ndjson");
        for (var i = 0; i < Imports; i++)
            await attacker.ExpectAsync(import);
    }

    public override async Task RunAsync(Attacker attacker)
    {
        var status = await StatusAsync(attacker);
        var (oldest, latest) = (status.GetProperty("oldest_revision").GetInt64(), status.GetProperty("revision").GetInt64());
        await attacker.RepeatAsync(Connections, (connection, i) => Texts.Get($"/v1/kv/walk/1?revision={oldest + (((connection * 7919) + (i * 104_729)) % Math.Max(1, latest - oldest))}"));
    }

    private static async Task<System.Text.Json.JsonElement> StatusAsync(Attacker attacker)
    {
        using var connection = await attacker.OpenAsync();
        return System.Text.Json.JsonDocument.Parse((await connection.ExchangeAsync(Texts.Get("/v1/status"))).Body).RootElement;
    }
}

/// <summary>The description of the service, which is large and was made anew for each request.</summary>
internal sealed class DescriptionAttack : Attack
{
    public override string Name => "openapi";

    public override string Input => "GET /openapi/v1.json, 16 connections";

    public override Task RunAsync(Attacker attacker) => attacker.RepeatAsync(16, (_, _) => Texts.Get("/openapi/v1.json"));
}
