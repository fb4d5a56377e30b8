using System.Net;
using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>POST /v1/admin/checkpoint, and what the status says of the log.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kvstore-test-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Checkpoint_DiskEngine_NamesFile()
    {
        await using var server = await KvServer.StartAsync(("Engine", "disk"), ("Data", _directory));
        for (var i = 0; i < 20; i++)
            Assert.InRange((await server.Client.PutAsync($"/v1/kv/{i % 7}", "value")).Status, 201, 204);

        var answer = (await server.Client.SendAsync("POST", "/v1/admin/checkpoint", null)).Expect(200).Json;
        Assert.Equal((server.Store.Latest.Revision, 7), (answer.GetProperty("revision").GetInt64(), answer.GetProperty("entries").GetInt64()));
        var file = new FileInfo(Path.Combine(_directory, answer.GetProperty("file").GetString()!));
        Assert.Equal(file.Length, answer.GetProperty("bytes").GetInt64());
        Assert.InRange(answer.GetProperty("duration_seconds").GetDouble(), 0, 60);

        var log = (await server.Client.GetAsync("/v1/status")).Expect(200).Json.GetProperty("log");
        Assert.Equal(("open", "always", false), (log.GetProperty("state").GetString(), log.GetProperty("flush_mode").GetString(), log.GetProperty("has_no_space").GetBoolean()));
        Assert.Equal(server.Store.Latest.Revision, log.GetProperty("flushed_revision").GetInt64());
        Assert.InRange(log.GetProperty("flushed_at").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
        var checkpoint = log.GetProperty("checkpoint");
        Assert.Equal((server.Store.Latest.Revision, file.Length, false),
            (checkpoint.GetProperty("revision").GetInt64(), checkpoint.GetProperty("bytes").GetInt64(), checkpoint.GetProperty("running").GetBoolean()));
    }

    /// <summary>A backup may be copying the file, so it is not written again.</summary>
    [Fact]
    public async Task Checkpoint_NoNewCommits_IsSameFile()
    {
        string first;
        DateTime written;
        await using (var server = await KvServer.StartAsync(("Engine", "disk"), ("Data", _directory)))
        {
            (await server.Client.PutAsync("/v1/kv/a", "value")).Expect(201);
            first = Text((await server.Client.SendAsync("POST", "/v1/admin/checkpoint", null)).Expect(200).Json);
            written = File.GetLastWriteTimeUtc(Assert.Single(Directory.GetFiles(_directory, "*.checkpoint")));
            Assert.Equal(first, Text((await server.Client.SendAsync("POST", "/v1/admin/checkpoint", null)).Expect(200).Json));
        }

        await using var next = await KvServer.StartAsync(("Engine", "disk"), ("Data", _directory));
        Assert.Equal(first, Text((await next.Client.SendAsync("POST", "/v1/admin/checkpoint", null)).Expect(200).Json));
        Assert.Equal(written, File.GetLastWriteTimeUtc(Assert.Single(Directory.GetFiles(_directory, "*.checkpoint"))));

        static string Text(JsonElement answer) => $"{answer.GetProperty("file")} {answer.GetProperty("entries")} {answer.GetProperty("bytes")}";
    }

    [Fact]
    public async Task Checkpoint_Concurrent_AnswersAll()
    {
        await using var server = await KvServer.StartAsync(("Engine", "disk"), ("Data", _directory));
        (await server.Client.PutAsync("/v1/kv/a", "value")).Expect(201);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.Client.SendAsync("POST", "/v1/admin/checkpoint", null)));
        Assert.All(answers, answer => Assert.Equal(server.Store.Latest.Revision, answer.Expect(200).Json.GetProperty("revision").GetInt64()));
    }

    [Fact]
    public async Task Checkpoint_MemoryEngine_Is409()
    {
        await using var server = await KvServer.StartAsync();
        Assert.Equal("/docs/http-api#engine-without-files", (await server.Client.SendAsync("POST", "/v1/admin/checkpoint", null)).Expect(409).Json.GetProperty("type").GetString());
        Assert.False((await server.Client.GetAsync("/v1/status")).Expect(200).Json.TryGetProperty("log", out _));
    }

    [Fact]
    public async Task Checkpoint_StoppedStore_Is503()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions { Settings = { ["Engine"] = "disk", ["Data"] = _directory } });
        using var client = service.NewClient();
        await service.Store.DisposeAsync();
        using var answer = await client.PostAsync("/v1/admin/checkpoint", null, Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Fact]
    public async Task Checkpoint_UnknownParameter_Is400()
    {
        await using var server = await KvServer.StartAsync();
        (await server.Client.SendAsync("POST", "/v1/admin/checkpoint?now=yes", null)).Expect(400);
    }
}
