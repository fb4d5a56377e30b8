using System.Diagnostics;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Runtime.Versioning;

namespace KvStore.SystemTests;

/// <summary>The shipped scripts: what one backs up, the other restores.</summary>
[Trait("Needs", "packages")]
[SupportedOSPlatform("linux")]
public sealed class BackupScriptTests : IDisposable
{
    private readonly TestKey _key = new();
    private readonly string _backups = Directory.CreateTempSubdirectory("kvstore-test-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _key.Dispose();
        Directory.Delete(_backups, recursive: true);
    }

    [Fact]
    public async Task Backup_Restored_HasEveryEntry()
    {
        const int Entries = 1_000;
        string file;
        string exported;
        await using (var server = await ServerProcess.StartAsync(_key.Setting))
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            _key.Use(client);
            using var lines = new StringContent(string.Join('\n', Enumerable.Range(0, Entries).Select(i => $$"""{"key":"key/{{i}}","text":"line\n{{i}} é"}""")), new MediaTypeHeaderValue("application/x-ndjson"));
            using var import = await client.PostAsync("/v1/import", lines, Cancellation);
            Assert.True(import.IsSuccessStatusCode);
            exported = await client.GetStringAsync("/v1/export", Cancellation);

            var (code, output, errors) = await RunAsync("backup.sh", server.Address);
            Assert.Equal((0, ""), (code, errors));
            file = output.Trim();
            Assert.Equal(Path.Combine(_backups, Path.GetFileName(file)), file);
            Assert.Equal([file, file + ".sha256"], Directory.GetFileSystemEntries(_backups).Order());
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

            var (refused, _, reason) = await RunAsync("restore.sh", server.Address, file);
            Assert.Equal((1, $"restore.sh: The store at {server.Address.GetLeftPart(UriPartial.Authority)} has {Entries} entries. Restore into an empty one: start the service on a new data directory.\n"), (refused, reason));
        }

        await using var restored = await ServerProcess.StartAsync(_key.Setting);
        var (restoreCode, report, restoreErrors) = await RunAsync("restore.sh", restored.Address, file);
        Assert.Equal((0, ""), (restoreCode, restoreErrors));
        Assert.Contains($"\"imported\":{Entries},\"expired\":0,\"failed\":0", report, StringComparison.Ordinal);
        using var reader = new HttpClient { BaseAddress = restored.Address };
        _key.Use(reader);
        Assert.Equal(exported, await reader.GetStringAsync("/v1/export", Cancellation));
    }

    [Fact]
    public async Task Backup_ExportBreaks_LeavesNothing()
    {
        await using var server = await ServerProcess.StartAsync(_key.Setting);
        var (code, output, errors) = await RunAsync("backup.sh", new Uri($"http://127.0.0.1:{BalancerProcess.FreePort()}"));
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("The export from http://127.0.0.1:", errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_backups));

        var (other, _, notAStore) = await RunAsync("backup.sh", new Uri(server.Address, "/livez?"));
        Assert.NotEqual(0, other);
        Assert.NotEmpty(notAStore);
        Assert.Empty(Directory.GetFileSystemEntries(_backups));
    }

    [Fact]
    public async Task Restore_DamagedBackup_StoresNothing()
    {
        await using var server = await ServerProcess.StartAsync(_key.Setting);
        using var client = new HttpClient { BaseAddress = server.Address };
        _key.Use(client);
        using var put = await client.PutAsync("/v1/kv/key", new StringContent("value"), Cancellation);
        var file = (await RunAsync("backup.sh", server.Address)).Output.Trim();
        using var delete = await client.DeleteAsync("/v1/kv/key", Cancellation);

        await using (var gzip = new GZipStream(File.Create(file), CompressionLevel.Fastest))
            await gzip.WriteAsync("{\"key\":\"key\",\"text\":\"other\"}\n"u8.ToArray(), Cancellation);
        var (code, _, errors) = await RunAsync("restore.sh", server.Address, file);

        Assert.Equal(1, code);
        Assert.Contains("is not what backup.sh wrote", errors, StringComparison.Ordinal);
        Assert.Contains("\"count\":0", await client.GetStringAsync("/v1/kv?count_only=true", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backup_MoreThanKept_RemovesOldest()
    {
        string[] old = ["kvstore-20200101T000000Z-1.ndjson.gz", "kvstore-20200102T000000Z-2.ndjson.gz", "kvstore-20200103T000000Z-3.ndjson.gz"];
        foreach (var name in old)
        {
            await File.WriteAllTextAsync(Path.Combine(_backups, name), "", Cancellation);
            await File.WriteAllTextAsync(Path.Combine(_backups, name + ".sha256"), "", Cancellation);
        }

        await File.WriteAllTextAsync(Path.Combine(_backups, "something else"), "", Cancellation);
        await using var server = await ServerProcess.StartAsync(_key.Setting);
        var (code, output, errors) = await RunAsync("backup.sh", server.Address);

        Assert.Equal((0, ""), (code, errors));
        var newest = Path.GetFileName(output.Trim());
        Assert.Equal(
            new[] { newest, newest + ".sha256", old[2], old[2] + ".sha256", "something else" }.Order(),
            Directory.GetFileSystemEntries(_backups).Select(Path.GetFileName).Order());
    }

    private Task<(int Code, string Output, string Errors)> RunAsync(string script, Uri address, params string[] arguments) => ProgramRun.RunAsync(
        new ProcessStartInfo(Path.Combine(Repository.Root, "deploy/backup", script), arguments)
        {
            Environment = { ["KVSTORE_URL"] = address.GetLeftPart(UriPartial.Path).TrimEnd('/'), ["KVSTORE_BACKUPS"] = _backups, ["KVSTORE_KEEP"] = "2", ["KVSTORE_KEY_FILE"] = _key.TokenFile, ["NO_PROXY"] = "*" },
        },
        TimeSpan.FromSeconds(30));
}
