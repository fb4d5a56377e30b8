using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>Text between this service and other programs: their JSON readers, and the time zone of the host.</summary>
public sealed class TextTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Import_TimeZoneOfHost_HasNoEffect()
    {
        await using var server = ServerProcess.Launch(["--urls", "http://127.0.0.1:0"], new List<(string, string)> { ("TZ", "Asia/Tokyo") });
        await server.WhenReadyAsync();
        using var http = new HttpClient { BaseAddress = server.Address };

        const string Lines = """
            {"key":"none","text":"x","expires_at":"2090-01-01T00:00:00"}
            {"key":"utc","text":"x","expires_at":"2090-01-01T00:00:00Z"}
            {"key":"tokyo","text":"x","expires_at":"2090-01-01T09:00:00+09:00"}
            """;
        using var response = await http.PostAsync("/v1/import", new StringContent(Lines, Encoding.UTF8, "application/x-ndjson"), Token);
        var error = Assert.Single((await response.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("errors").EnumerateArray());
        Assert.Equal(1, error.GetProperty("line").GetInt32());

        var items = (await http.GetFromJsonAsync<JsonElement>("/v1/kv", Token)).GetProperty("items").EnumerateArray().ToArray();
        Assert.Equal(["tokyo", "utc"], items.Select(item => item.GetProperty("key").GetString()));
        Assert.All(items, item => Assert.Equal("2090-01-01T00:00:00.000Z", item.GetProperty("expires_at").GetString()));
        Assert.All(items, item => Assert.InRange(item.GetProperty("modified_at").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1)));
    }

    /// <summary>Readers that reject what the grammar of JSON allows: one stored value must not make a page unreadable for them.</summary>
    [Theory]
    [Trait("Needs", "packages")]
    [InlineData("python3 -c 'import json,sys; sys.exit(0 if len(json.loads(sys.stdin.buffer.read().decode(\"utf-8\", \"strict\"))[\"items\"]) == 12 else 1)'")]
    [InlineData("node -e 'process.exit(JSON.parse(require(\"fs\").readFileSync(0, \"utf8\")).items.length == 12 ? 0 : 1)'")]
    [InlineData("jq -e '.items | length == 12'")]
    [InlineData("go run strict.go")]
    public async Task List_AnyStoredValue_IsReadableForStrictReaders(string reader)
    {
        await using var server = await ServerProcess.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Address };
        string[] values =
        [
            "1e400", "-1e400", new string('1', 5000), "\"\\ud800\"", "{\"\\udc00\":1}", "{\"a\":1,\"a\":2}", new string('[', 60) + new string(']', 60), new string('[', 500) + new string(']', 500),
            "\"\\u0000\\ud83d\\ude00\"", "\uFEFF{}", "NaN", "{\"a\":[1.5,-0,9007199254740993,\"é\u2028\"]}",
        ];
        foreach (var (i, value) in values.Index())
        {
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(value)) { Headers = { { "Content-Type", "application/json" } } };
            using var stored = await http.PutAsync($"/v1/kv/{i}", content, Token);
            stored.EnsureSuccessStatusCode();
        }

        await using var shell = new Bash();
        await shell.RunAsync("""
            cat >strict.go <<'END'
            package main
            import ("encoding/json"; "os")
            func main() {
                var page struct { Items []map[string]any `json:"items"` }
                if err := json.NewDecoder(os.Stdin).Decode(&page); err != nil { panic(err) }
                if len(page.Items) != 12 { os.Exit(1) }
            }
            END
            """);
        var result = await shell.RunAsync($"curl -s '{server.Address}v1/kv?values=true' | {reader}");
        Assert.True(result.ExitCode == 0, result.Output);
    }
}
