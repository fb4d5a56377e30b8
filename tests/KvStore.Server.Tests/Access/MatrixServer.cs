using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>A service with the keys of the matrix, on the web server. Each case has entries of its own, so that no case depends on another.</summary>
internal sealed partial class MatrixServer : IAsyncDisposable
{
    /// <summary>What is in every key that no request names, in every value and in every media type of team b.</summary>
    public const string Secret = "5ecre7";

    /// <summary>The number of team b's counter.</summary>
    public const string SecretNumber = "741117411174111741";

    private readonly KeyedServer _keyed;

    private MatrixServer(KeyedServer keyed) => _keyed = keyed;

    public KvServer Server => _keyed.Server;

    public static async Task<MatrixServer> StartAsync()
    {
        var options = new KvServerOptions
        {
            Log = new LogLines(),
            Settings = { ["AccessLog"] = "true" },
            Services = services => services.AddSingleton<OpenOriginSource>((_, _) => new FakeOriginSource()),
        };
        foreach (var (name, prefix) in new[] { ("inside", "team-a/origin/"), ("outside", "team-b/origin/") })
        {
            FakeOriginSource.AddOrigin(options.Settings, name, prefix);
            options.Settings[$"KvStore:Origins:{name}:Writes"] = "local";
        }

        MatrixTokens.AddTo(options.Settings);
        return new MatrixServer(await KeyedServer.StartAsync(MatrixCaller.All, options));
    }

    /// <summary>The row of the case with this number.</summary>
    public MatrixRow RowOf(MatrixRow row, int number) => row.With(text => Cursors().Replace(
        text.Replace("INID", $"1{number:D5}", StringComparison.Ordinal).Replace("OUTID", $"2{number:D5}", StringComparison.Ordinal)
            .Replace("IN/", $"team-a/{number}/", StringComparison.Ordinal).Replace("OUT/", $"team-b/{number}/", StringComparison.Ordinal),
        match => CursorOf(match.Groups["prefix"].Value, match.Groups["after"].Value)));

    /// <summary>Stores the entries of team a.</summary>
    public Task<long> PlantInsideAsync(int number) => PlantAsync($"team-a/{number}/", $"person/1{number:D5}", "text/plain", "text", "7", "text");

    /// <summary>Stores the entries of team b, which differ in everything.</summary>
    public Task<long> PlantOutsideAsync(int number) => PlantAsync($"team-b/{number}/", $"person/2{number:D5}", "text/plain; note=" + Secret, "value " + Secret, SecretNumber, Secret);

    public ValueTask DisposeAsync() => _keyed.DisposeAsync();

    private Task<long> PlantAsync(string prefix, string person, string type, string text, string number, string unnamed) => Server.CommitAsync(
        Some.Put(prefix + "text", text, contentType: type),
        Some.Put(prefix + "json", $"{{\"a\":\"{text}\"}}", contentType: "application/json"),
        Some.Put(prefix + "number", number),
        Some.Put(prefix + "replaced", text, contentType: type),
        Some.Put(prefix + "doomed", text, contentType: type),
        Some.Put(prefix + "swept/1", text, contentType: type),
        Some.Put(prefix + "swept/" + unnamed, text, contentType: type),
        Some.Put(prefix + unnamed + "/unnamed", text, contentType: type),
        Some.Put(person, $"{{\"id\":{person[7..]},\"name\":\"{text}\",\"updatedAt\":\"2026-01-31T12:00:00.1234567Z\"}}", contentType: "application/json"));

    private string CursorOf(string prefix, string after) =>
        new Cursor(Server.Store.Id ?? default, Server.Store.Latest.Revision, Some.Bytes(prefix), default, Some.Bytes(after)).ToString();

    [GeneratedRegex(@"CURSOR\((?<prefix>[^|]*)\|(?<after>[^)]*)\)")]
    private static partial Regex Cursors();
}
