using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace KvStore.SystemTests;

/// <summary>A real Prometheus with the configuration that the repository ships, which scrapes one service. Disposing kills it.</summary>
internal sealed partial class PrometheusProcess : IAsyncDisposable
{
    public const string ShippedDirectory = "deploy/prometheus";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _directory;
    private readonly OutputLines _output = new();
    private HttpClient _client = null!;

    private PrometheusProcess(Process process, string directory) => (_process, _directory) = (process, directory);

    /// <summary>Starts it with a key, and waits until it listens.</summary>
    public static async Task<PrometheusProcess> StartAsync(Uri target, TestKey key)
    {
        var directory = Directory.CreateTempSubdirectory("kvstore-test-").FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, ShippedDirectory)))
            File.Copy(file, Path.Combine(directory, Path.GetFileName(file)));
        File.Copy(key.TokenFile, Path.Combine(directory, "kvstore.token"));
        var configuration = Path.Combine(directory, "prometheus.yml");
        File.WriteAllText(configuration, File.ReadAllText(configuration)
            .Replace("localhost:8080", target.Authority, StringComparison.Ordinal)
            .Replace("_interval: 15s", "_interval: 200ms", StringComparison.Ordinal));

        var process = new Process
        {
            StartInfo = new ProcessStartInfo("prometheus", [$"--config.file={configuration}", $"--storage.tsdb.path={directory}/data", "--web.listen-address=127.0.0.1:0"])
            {
                RedirectStandardError = true,
            },
        };
        var prometheus = new PrometheusProcess(process, directory);
        process.ErrorDataReceived += (_, line) => prometheus._output.Add(line.Data ?? "");
        process.Start();
        process.BeginErrorReadLine();
        var listening = await prometheus._output.WaitForAsync(line => Listening().IsMatch(line), TestContext.Current.CancellationToken).Within();
        prometheus._client = new HttpClient { BaseAddress = new Uri($"http://{Listening().Match(listening).Groups[1].Value}") };
        return prometheus;
    }

    /// <summary>Asks again and again until a query returns series; false if that does not come.</summary>
    public async Task<bool> HasSeriesAsync(string query)
    {
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Patience; await Task.Delay(50, TestContext.Current.CancellationToken))
        {
            using var response = await _client.GetAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative), TestContext.Current.CancellationToken);

            // Until it has opened its own data it answers in plain text.
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
                continue;
            using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.True(answer.RootElement.GetProperty("status").GetString() is "success", $"{query}: {answer.RootElement}");
            if (answer.RootElement.TryGetProperty("data", out var data) && data.GetProperty("result").GetArrayLength() > 0)
                return true;
        }

        return false;
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [GeneratedRegex(@"msg=""Listening on"" address=(127\.0\.0\.1:[1-9]\d*)")]
    private static partial Regex Listening();
}
