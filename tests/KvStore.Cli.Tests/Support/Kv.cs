using System.Diagnostics;

namespace KvStore.Cli.Tests;

/// <summary>What a run of the program ended with.</summary>
internal sealed record Run(int Code, byte[] Bytes, string Error)
{
    public string Out => Encoding.UTF8.GetString(Bytes);

    /// <summary>The lines of standard output as JSON.</summary>
    public JsonElement[] Lines => [.. Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>Fails unless it succeeded and said nothing on standard error.</summary>
    public Run Done()
    {
        Assert.True(Code == 0 && Error.Length == 0, $"exit code {Code}\n{Out}\n{Error}");
        return this;
    }
}

/// <summary>The program as a process: the one that <c>KVSTORE_CLI</c> names, a native one for instance; without it, what was built together with the tests.</summary>
internal sealed class Kv
{
    private static readonly string Empty = Scratch.New();

    public static string[] Program { get; } = Environment.GetEnvironmentVariable("KVSTORE_CLI") is { Length: > 0 } native
        ? [Path.GetFullPath(native)]
        : [Repository.Dotnet, Repository.BuiltAssembly("src/KvStore.Cli", "kv")];

    /// <summary>What KVSTORE_URL is; null for none.</summary>
    public string? Url { get; init; }

    public byte[] Input { get; init; } = [];

    /// <summary>Where the profiles of the user are.</summary>
    public string ConfigurationHome { get; init; } = Empty;

    public string WorkingDirectory { get; init; } = Empty;

    public (string Name, string Value)[] Variables { get; init; } = [];

    /// <summary>Runs it with pipes.</summary>
    public async Task<Run> RunAsync(params string[] arguments)
    {
        using var process = Start([.. Program, .. arguments]);
        var output = ReadAsync(process.StandardOutput.BaseStream);
        var error = ReadAsync(process.StandardError.BaseStream);
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(Input, TestContext.Current.CancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended without reading all of its input.
        }

        return await EndAsync(process, output, error);
    }

    /// <summary>Runs it on a pseudo-terminal of 100 columns, which script(1) makes. Both outputs are one there.</summary>
    public async Task<Run> RunOnTerminalAsync(params string[] arguments)
    {
        using var process = StartOnTerminal(arguments);
        var output = ReadAsync(process.StandardOutput.BaseStream);
        var error = ReadAsync(process.StandardError.BaseStream);
        await process.StandardInput.BaseStream.WriteAsync(Input, TestContext.Current.CancellationToken);
        await process.StandardInput.BaseStream.FlushAsync(TestContext.Current.CancellationToken);
        var run = await EndAsync(process, output, error);
        return run with { Bytes = Encoding.UTF8.GetBytes(run.Out.Replace("\r\n", "\n", StringComparison.Ordinal)) };
    }

    /// <summary>Starts it on a pseudo-terminal and returns at once.</summary>
    public Process StartOnTerminal(params string[] arguments) =>
        Start(["script", "--quiet", "--return", "--flush", "--command", "stty cols 100 rows 40; exec " + string.Join(' ', Program.Concat(arguments).Select(Quoting.Quote)), "/dev/null"]);

    /// <summary>Starts a command with the environment of the program and returns at once.</summary>
    public Process Start(params string[] command)
    {
        // A shell starts what it puts into the background with the interrupt ignored, and that is inherited.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", .. command])
        {
            WorkingDirectory = WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("KVSTORE_", StringComparison.Ordinal) || name is "NO_COLOR" or "COLUMNS").ToArray())
            start.Environment.Remove(name);
        start.Environment["XDG_CONFIG_HOME"] = ConfigurationHome;
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["NO_PROXY"] = "*";
        if (Url is not null)
            start.Environment["KVSTORE_URL"] = Url;
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        var process = new Child { StartInfo = start };
        process.Start();
        return process;
    }

    /// <summary>Waits for the end of a process, and ends it if that does not come.</summary>
    public static async Task<Run> EndAsync(Process process, Task<byte[]> output, Task<byte[]> error)
    {
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).Within();
            return new Run(process.ExitCode, await output.Within(), Encoding.UTF8.GetString(await error.Within()));
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>A process that does not outlive its test, also if that fails.</summary>
    private sealed class Child : Process
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing && !HasExited)
                Kill(entireProcessTree: true);
            base.Dispose(disposing);
        }
    }

    public static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, TestContext.Current.CancellationToken);
        return all.ToArray();
    }
}
