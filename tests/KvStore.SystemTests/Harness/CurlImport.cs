using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>
/// An import by the real curl, with progress. The lines go into its input as the test says; what the service answers stays in a
/// pipe until the test reads it. Disposing kills curl if it still runs: this process and no other.
/// </summary>
internal sealed partial class CurlImport : IAsyncDisposable
{
    private const ulong BytesThatCanBeRead = 0x541B;

    private readonly Process _process;

    public CurlImport(Uri address)
    {
        // The period is standard input, too, but curl continues to pass the response on while there is nothing to send.
        var start = new ProcessStartInfo("curl", ["--disable", "--no-progress-meter", "--no-buffer", "--noproxy", "*", "--request", "POST", "--header", "Accept: application/x-ndjson", "--header", "Content-Type: application/x-ndjson",
            "--upload-file", ".", new Uri(address, "/v1/import").ToString()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
    }

    /// <summary>Bytes of the response that curl has written and that are unread.</summary>
    public int UnreadBytes =>
        GetCount(((AnonymousPipeClientStream)_process.StandardOutput.BaseStream).SafePipeHandle, BytesThatCanBeRead, out var bytes) == 0 ? bytes : throw new IOException("The pipe cannot be asked.");

    /// <summary>Sends a text, and waits until curl has taken it.</summary>
    public async Task SendAsync(string text, CancellationToken cancellationToken)
    {
        await _process.StandardInput.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
        await _process.StandardInput.BaseStream.FlushAsync(cancellationToken);
    }

    /// <summary>Says that there is nothing more to send.</summary>
    public void EndSending() => _process.StandardInput.Close();

    /// <summary>Reads the next line of the answer; null at its end.</summary>
    public async Task<JsonElement?> ReadAsync()
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        return await _process.StandardOutput.ReadLineAsync(timeout.Token) is { } line ? JsonDocument.Parse(line).RootElement : null;
    }

    public void Send(Signal signal) => Signals.Send(_process.Id, signal);

    /// <summary>Ends curl, if it still runs.</summary>
    public Task KillAsync()
    {
        _process.Kill();
        return _process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetCount(SafeHandle pipe, ulong request, out int bytes);
}
