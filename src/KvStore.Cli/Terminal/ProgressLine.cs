using System.Diagnostics;

namespace KvStore.Cli;

/// <summary>How far a transfer is, in one line of standard error that is drawn again and again. Nothing if that is no terminal.</summary>
internal sealed class ProgressLine(Output error, long? total) : IDisposable
{
    private const int BarColumns = 24;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly long _start = Stopwatch.GetTimestamp();
    private long _drawn;
    private int _columns;

    /// <summary>Draws it, at most ten times a second.</summary>
    /// <param name="bytes">How many bytes were transferred.</param>
    /// <param name="what">What that amounts to.</param>
    public void Update(long bytes, string what)
    {
        if (!error.IsTerminal || (_drawn != 0 && Stopwatch.GetElapsedTime(_drawn) < Interval))
            return;
        _drawn = Stopwatch.GetTimestamp();
        Draw(bytes, what);
    }

    /// <summary>Erases it, so that what follows has the line to itself.</summary>
    public void Dispose()
    {
        if (_columns == 0)
            return;
        error.Write("\r" + new string(' ', _columns) + "\r");
        error.Flush();
        _columns = 0;
    }

    private void Draw(long bytes, string what)
    {
        var rate = bytes / Math.Max(0.001, Stopwatch.GetElapsedTime(_start).TotalSeconds);
        var bar = "";
        if (total is { } all and > 0)
        {
            var done = (int)Math.Min(BarColumns, bytes * BarColumns / all);
            bar = string.Create(CultureInfo.InvariantCulture, $"[{new string('#', done)}{new string('.', BarColumns - done)}] {Math.Min(100, bytes * 100 / all),3} %  ");
        }

        var line = Visible.Cut($"{bar}{what}  {Units.Bytes(bytes)}  {Units.Bytes((long)rate)}/s", error.Width - 1);
        error.Write("\r" + line.PadRight(_columns));
        error.Flush();
        _columns = Math.Max(_columns, line.Length);
    }
}
