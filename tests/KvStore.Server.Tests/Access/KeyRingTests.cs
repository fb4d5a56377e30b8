using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace KvStore.Server.Tests;

/// <summary>Keys that change while the service runs: added, removed, expired.</summary>
public sealed class KeyRingTests : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(6);

    private readonly TemporaryDirectory _directories = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly LogLines _log = new();
    private readonly string _token = KeyToken.New();

    public void Dispose() => _directories.Dispose();

    [Fact]
    public async Task File_KeyAddedAndRemoved_IsInForceWithoutRestart()
    {
        var file = NewFile(Entry("first"));
        await using var server = await StartAsync(file);
        await ExpectAsync(server, _token, 404);

        var second = KeyToken.New();
        File.WriteAllBytes(file, KeyFile.ToUtf8([Entry("first"), TestKeys.EntryOf(second, "second", Rights.Read)]));
        _time.Advance(Poll);
        await ExpectAsync(server, second, 404);
        await ExpectAsync(server, _token, 404);

        File.WriteAllBytes(file, KeyFile.ToUtf8([TestKeys.EntryOf(second, "second", Rights.Read)]));
        _time.Advance(Poll);
        await ExpectAsync(server, _token, 401);
        await ExpectAsync(server, second, 404);
        await _log.WaitAsync(line => line.Message == $"1 keys are in force: {file} has changed");
    }

    // As Kubernetes does: keys.json -> ..data/keys.json, ..data -> a directory by its time.
    [Fact]
    public async Task File_SymbolicLinkSwapped_IsReloaded()
    {
        var root = _directories.New();
        var (old, fresh) = (Path.Combine(root, "..1"), Path.Combine(root, "..2"));
        Directory.CreateDirectory(old);
        Directory.CreateDirectory(fresh);
        File.WriteAllBytes(Path.Combine(old, "keys.json"), KeyFile.ToUtf8([Entry("key")]));
        File.WriteAllBytes(Path.Combine(fresh, "keys.json"), KeyFile.ToUtf8([]));
        var data = Path.Combine(root, "..data");
        File.CreateSymbolicLink(data, old);
        var file = Path.Combine(root, "keys.json");
        File.CreateSymbolicLink(file, Path.Combine("..data", "keys.json"));
        await using var server = await StartAsync(file);
        await ExpectAsync(server, _token, 404);

        File.Delete(data);
        File.CreateSymbolicLink(data, fresh);
        _time.Advance(Poll);
        await ExpectAsync(server, _token, 401);
    }

    [Fact]
    public async Task File_Broken_LeavesKeysInForceAndLogsWhy()
    {
        var file = NewFile(Entry("key"));
        await using var server = await StartAsync(file);
        File.WriteAllText(file, "{\"keys\": [{}]}");
        _time.Advance(Poll);
        _time.Advance(Poll);
        var line = await _log.WaitAsync(line => line.Level == LogLevel.Error);
        Assert.StartsWith($"The key file {file} has changed and cannot be used, so the keys before stay in force: {file}, key 1: name must be", line.Message, StringComparison.Ordinal);
        await ExpectAsync(server, _token, 404);

        File.Delete(file);
        _time.Advance(Poll);
        _time.Advance(Poll);
        await ExpectAsync(server, _token, 404);
    }

    [Fact]
    public async Task Key_AtItsExpiry_IsRefusedAndRevoked()
    {
        var file = NewFile(Entry("key") with { ExpiresAt = _time.GetUtcNow().AddHours(2) });
        await using var server = await StartAsync(file);
        var principal = server.Services.GetRequiredService<KeyRing>().Verify(_token)!;
        var isRevoked = new TaskCompletionSource();
        using var registration = principal.Revoked.Register(isRevoked.SetResult);

        for (var minutes = 0; minutes < 119; minutes++)
            _time.Advance(TimeSpan.FromMinutes(1));
        await ExpectAsync(server, _token, 404);
        Assert.False(principal.IsRevoked);
        _time.Advance(TimeSpan.FromSeconds(61));
        await ExpectAsync(server, _token, 401);
        await isRevoked.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await _log.WaitAsync(line => line.Message == "The key key has expired");
    }

    [Fact]
    public async Task Principal_OfChangedKey_IsRevokedAndOfUnchangedIsNot()
    {
        var other = KeyToken.New();
        var file = NewFile(Entry("key"), TestKeys.EntryOf(other, "other", Rights.Read));
        await using var server = await StartAsync(file);
        var ring = server.Services.GetRequiredService<KeyRing>();
        var (changed, unchanged) = (ring.Verify(_token)!, ring.Verify(other)!);
        File.WriteAllBytes(file, KeyFile.ToUtf8([TestKeys.EntryOf(other, "other", Rights.Read), Entry("key") with { Prefixes = ["a/"] }]));
        _time.Advance(Poll);
        Assert.True(changed.IsRevoked);
        Assert.False(unchanged.IsRevoked);
        Assert.Same(unchanged, ring.Verify(other));
        await ExpectAsync(server, _token, 403);
    }

    [Fact]
    public void File_WithExpiredKey_IsNeverInForceWithIt()
    {
        var expired = KeyToken.New();
        var file = NewFile(Entry("key"));
        KeyRing? ring = null;
        var accepted = 0;
        var time = new AskedTime(_time, () => accepted += ring?.Verify(expired) is null ? 0 : 1);
        using (ring = new KeyRing(new KvStoreOptions { Keys = file }, new ConfigurationBuilder().Build(), time, NullLoggerFactory.Instance))
        {
            File.WriteAllBytes(file, KeyFile.ToUtf8([TestKeys.EntryOf(expired, "expired", Rights.Read) with { ExpiresAt = _time.GetUtcNow() }]));
            _time.Advance(Poll);
            Assert.Null(ring.Verify(_token));
            Assert.Equal(0, accepted);
        }
    }

    [Fact]
    public async Task Settings_WithKeys_AreInForce()
    {
        var hash = Convert.ToHexStringLower(Entry("key").Hash.Span);
        await using var server = await KvServer.StartAsync(("KvStore:Keys:0:Name", "key"), ("KvStore:Keys:0:Hash", hash), ("KvStore:Keys:0:Rights", "read,write"), ("KvStore:Keys:0:Prefixes:0", "absent"), ("KvStore:Keys:0:Quotas:Watchers", "1"));
        await ExpectAsync(server, _token, 404);
        await ExpectAsync(server, KeyToken.New(), 401);
    }

    private static async Task ExpectAsync(KvServer server, string token, int status)
    {
        (await server.Client.GetAsync("/v1/kv/absent", ("Authorization", "Bearer " + token))).Expect(status);
        (await server.Client.GetAsync("/v1/kv/absent", ("X-Api-Key", token))).Expect(status);
    }

    private KeyEntry Entry(string name) => TestKeys.EntryOf(_token, name, Rights.Read);

    /// <summary>Lets a test look while somebody asks for the time.</summary>
    private sealed class AskedTime(TimeProvider inner, Action asked) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow()
        {
            asked();
            return inner.GetUtcNow();
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(callback, state, dueTime, period);
    }

    private static string NewFile(params KeyEntry[] entries) => TestKeys.WriteFile(entries);

    private Task<KvServer> StartAsync(string file) => KvServer.StartAsync(new KvServerOptions
    {
        Log = _log,
        Settings = { ["Keys"] = file },
        Services = services => services.AddSingleton<TimeProvider>(_time),
    });
}
