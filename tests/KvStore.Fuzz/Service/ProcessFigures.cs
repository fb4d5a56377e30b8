using System.Globalization;

namespace KvStore.Fuzz;

/// <summary>What a process has used so far.</summary>
/// <param name="WrittenBytes">Bytes of all writes to files and to its output; sockets do not count.</param>
internal sealed record ProcessFigures(long ResidentBytes, TimeSpan ProcessorTime, long WrittenBytes)
{
    // The clock of /proc has 100 ticks a second on every Linux that .NET runs on.
    private const int TicksPerSecond = 100;

    // Numbers of the fields of /proc/PID/stat after the command's name, which may contain spaces.
    private const int UserTicksField = 11;
    private const int SystemTicksField = 12;

    /// <returns>Null if the process has ended.</returns>
    public static ProcessFigures? TryRead(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var ticks = Number(fields[UserTicksField]) + Number(fields[SystemTicksField]);

            // A process that has ended and is not yet waited for has no memory.
            return FieldOf($"/proc/{id}/status", "VmRSS:") is { } resident
                ? new ProcessFigures(resident * 1024, TimeSpan.FromSeconds((double)ticks / TicksPerSecond), FieldOf($"/proc/{id}/io", "wchar:") ?? 0)
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long? FieldOf(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line ? Number(line[name.Length..].Replace("kB", "", StringComparison.Ordinal)) : null;

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
}
