using System.Diagnostics;

namespace KvStore.SystemTests;

internal sealed record CommandResult(int ExitCode, string Output);

/// <summary>
/// One shell that runs commands one after the other, as a person does in a terminal: variables live on between them.
/// curl there is the real one, and silent about its progress as it is when it writes to a terminal.
/// </summary>
internal sealed class Bash : IAsyncDisposable
{
    private const string Mark = "--kvstore-test-end-of-command--";
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _directory = Directory.CreateTempSubdirectory("kvstore-test-").FullName;

    public Bash()
    {
        // Replaces the user's settings and proxy, which must not decide what the test sees.
        File.WriteAllText(Path.Combine(_directory, ".curlrc"), "silent\nshow-error\n");
        var start = new ProcessStartInfo("bash", ["--noprofile", "--norc"])
        {
            WorkingDirectory = _directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["CURL_HOME"] = _directory;
        start.Environment["NO_PROXY"] = "*";
        start.Environment["LC_ALL"] = "C.UTF-8";
        _process = Process.Start(start)!;
        _process.StandardInput.AutoFlush = true;
        _process.StandardInput.Write("exec 2>&1\n");
    }

    /// <summary>Runs a command text, with both outputs as one and without input.</summary>
    public async Task<CommandResult> RunAsync(string command)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(CommandTimeout);

        // In braces, so that the command's own input is not the rest of our script.
        await _process.StandardInput.WriteAsync($"{{ {command}\n}} </dev/null; printf '\\n{Mark} %d\\n' $?\n".AsMemory(), timeout.Token);
        var lines = new List<string>();
        while (await _process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
        {
            if (line.StartsWith(Mark, StringComparison.Ordinal))
            {
                // The line break before the mark is ours; an output that ended with one of its own leaves an empty line.
                var output = string.Join('\n', lines);
                return new CommandResult(int.Parse(line.AsSpan(Mark.Length), System.Globalization.CultureInfo.InvariantCulture), output);
            }

            lines.Add(line);
        }

        throw new EndOfStreamException($"The shell ended at: {command}\n{string.Join('\n', lines)}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
