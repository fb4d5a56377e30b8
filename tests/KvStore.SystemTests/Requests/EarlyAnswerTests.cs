using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>Real clients, one that reads only after it has sent all of its body, and one that reads meanwhile, see why it is not taken.</summary>
[Trait("Needs", "packages")]
public sealed class EarlyAnswerTests
{
    private const string Python = """
        import http.client, sys
        connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
        for target, headers in [("/v1/kv/large", {}), ("/livez", {}), ("/v1/kv/large", {"Content-Encoding": "gzip"}), ("/v1/kv/large?x=1", {})]:
            connection.request("PUT", target, bytes(20 << 20), headers)
            answer = connection.getresponse()
            print(answer.status, answer.read().endswith(b"}\n"))
        connection.request("PUT", "/v1/kv/large", (bytes(1 << 20) for _ in range(20)), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
        print(connection.getresponse().status)
        """;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Python_LargeBody_SeesAnswers()
    {
        await using var server = await ServerProcess.StartAsync(("Engine", "memory"));
        var (code, output, errors) = await ProgramRun.RunAsync(
            new ProcessStartInfo("python3", ["-c", Python, server.Address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)]), TimeLimit);
        Assert.True(code == 0, errors);
        Assert.Equal("413 True\n405 True\n415 True\n400 True\n413\n", output);
    }

    [Theory]
    [InlineData("413", "-T")]
    [InlineData("413", "-H", "Expect:", "-T")]
    [InlineData("413", "-H", "Transfer-Encoding: chunked", "-H", "Expect:", "-T")]
    [InlineData("415", "-H", "Expect:", "-X", "PUT", "-F", "file=@")]
    public async Task Curl_LargeFile_SeesAnswer(string status, params string[] arguments)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, new byte[20 << 20], TestContext.Current.CancellationToken);
            await using var server = await ServerProcess.StartAsync(("Engine", "memory"));
            string[] upload = arguments[^1].EndsWith('@') ? [.. arguments[..^1], arguments[^1] + file] : [.. arguments, file];
            var (code, output, errors) = await ProgramRun.RunAsync(
                new ProcessStartInfo("curl", ["--disable", "--silent", "--show-error", "--noproxy", "*", "--output", "/dev/null", "--write-out", "%{http_code}", .. upload, $"{server.Address}v1/kv/large"]), TimeLimit);
            Assert.True(code == 0, $"{output} {errors}");
            Assert.Equal(status, output);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
