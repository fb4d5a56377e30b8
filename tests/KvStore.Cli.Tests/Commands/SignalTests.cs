namespace KvStore.Cli.Tests;

/// <summary>Ctrl+C, SIGTERM, and readers that end.</summary>
public sealed class SignalTests(Service service)
{
    private readonly string _prefix = Service.NewPrefix();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2, 130)]
    [InlineData(15, 143)]
    public async Task Watch_Signalled_SaysWhereToResume(int signal, int code)
    {
        using var watch = new Kv { Url = service.Address }.Start([.. Kv.Program, "watch", _prefix, "--initial"]);
        while (!(await watch.StandardOutput.ReadLineAsync(Cancellation).AsTask().Within())!.Contains("synced", StringComparison.Ordinal))
        {
        }

        var put = await service.Client.PutAsync(_prefix + "it's", "1", cancellationToken: Cancellation);
        await watch.StandardOutput.ReadLineAsync(Cancellation).AsTask().Within();
        Signals.Send(watch.Id, (Signal)signal);
        var error = await watch.StandardError.ReadToEndAsync(Cancellation).Within();
        await watch.WaitForExitAsync(Cancellation).Within();

        Assert.Equal((code, $"kv: The watch ended at position {put.Revision}. Resume with: kv watch {_prefix} --after {put.Revision}\n"), (watch.ExitCode, error));
    }

    [Fact]
    public async Task Watch_CtrlCOnATerminal_EndsIt()
    {
        using var watch = new Kv { Url = service.Address }.StartOnTerminal("watch", _prefix, "--initial");
        var screen = new StringBuilder();
        // An entry that is there when the watch begins, and one that comes afterwards.
        await service.Client.PutAsync(_prefix + "first", "1", cancellationToken: Cancellation);
        await ReadUntilAsync(_prefix + "first");
        await service.Client.PutAsync(_prefix + "second", "1", cancellationToken: Cancellation);
        await ReadUntilAsync(_prefix + "second");
        await watch.StandardInput.WriteAsync("\u0003".AsMemory(), Cancellation);
        await watch.StandardInput.FlushAsync(Cancellation);
        await ReadUntilAsync("Resume with: kv watch " + _prefix);
        await watch.WaitForExitAsync(Cancellation).Within();

        Assert.Equal(130, watch.ExitCode);

        async Task ReadUntilAsync(string text)
        {
            var buffer = new char[1024];
            while (!screen.ToString().Contains(text, StringComparison.Ordinal))
            {
                var count = await watch.StandardOutput.ReadAsync(buffer, Cancellation).AsTask().Within();
                Assert.True(count > 0, $"The screen ended without {text}:\n{screen}");
                screen.Append(buffer, 0, count);
            }
        }
    }

    [Fact]
    public async Task Import_Interrupted_SaysWhereToResume()
    {
        using var import = new Kv { Url = service.Address }.Start([.. Kv.Program, "import", "--format", "ndjson"]);
        var lines = string.Concat(Enumerable.Range(0, 2500).Select(number => $"{{\"key\":\"{_prefix}{number:d4}\",\"text\":\"{number}\"}}\n"));
        await import.StandardInput.WriteAsync(lines.AsMemory(), Cancellation);
        await import.StandardInput.FlushAsync(Cancellation);

        // The second chunk is stored, so that the first one is known to be; the input has not ended.
        await Soon.UntilAsync(async () => await service.Client.CountAsync(_prefix, cancellationToken: Cancellation) == 2000);
        Signals.Send(import.Id, Signal.Interrupt);
        var error = await import.StandardError.ReadToEndAsync(Cancellation).Within();
        await import.WaitForExitAsync(Cancellation).Within();
        Assert.Equal(130, import.ExitCode);
        var skip = error.Contains("--skip 2000", StringComparison.Ordinal) ? 2000 : 1000;
        Assert.Equal($"kv: The import was interrupted. The first {Units.Count(skip)} entries are stored, and perhaps some more. Resume with --skip {skip} and the same input.\n", error);

        var resumed = (await service.KvAsync(Encoding.UTF8.GetBytes(lines), "import", "--skip", skip.ToString(CultureInfo.InvariantCulture))).Done().Lines[0];

        Assert.Equal(2500 - skip, resumed.GetProperty("imported").GetInt32());
        Assert.Equal(2500, await service.Client.CountAsync(_prefix, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Output_ClosedByItsReader_EndsTheCommandQuietly()
    {
        var lines = string.Concat(Enumerable.Range(0, 5000).Select(number => $"{{\"key\":\"{_prefix}{number:d60}\",\"text\":\"\"}}\n"));
        (await service.KvAsync(Encoding.UTF8.GetBytes(lines), "import")).Done();
        var command = string.Join(' ', Kv.Program.Select(Quoting.Quote));

        using var shell = new Kv { Url = service.Address }.Start("bash", "-c", $"{command} list {_prefix} --keys | head -n 1; echo ${{PIPESTATUS[0]}}");
        var run = await Kv.EndAsync(shell, Kv.ReadAsync(shell.StandardOutput.BaseStream), Kv.ReadAsync(shell.StandardError.BaseStream));

        Assert.Equal(($"{_prefix}{0:d60}\n141\n", ""), (run.Out, run.Error));
    }

    [Fact]
    public async Task Output_SharedFile_IsNotOverwritten()
    {
        var file = Path.Combine(Scratch.New(), "out");
        await service.Client.PutAsync(_prefix + "a", "first", cancellationToken: Cancellation);
        await service.Client.PutAsync(_prefix + "b", "second", cancellationToken: Cancellation);
        var command = string.Join(' ', Kv.Program.Select(Quoting.Quote));

        using var shell = new Kv { Url = service.Address }.Start("bash", "-c", $"{{ {command} get {_prefix}a; {command} get {_prefix}b; }} > {file}");
        (await Kv.EndAsync(shell, Kv.ReadAsync(shell.StandardOutput.BaseStream), Kv.ReadAsync(shell.StandardError.BaseStream))).Done();

        Assert.Equal("firstsecond", await File.ReadAllTextAsync(file, Cancellation));
    }
}
