using System.Diagnostics;
using System.Text;

/// <summary>A package index in the format of dpkg and apt: records of fields, separated by empty lines.</summary>
internal static class PackageIndex
{
    /// <summary>Reads a file, standard input (<c>-</c>), or the output of <c>apt-cache dumpavail</c> (<c>apt-cache</c>).</summary>
    public static async Task<byte[]> ReadAsync(string source)
    {
        using var bytes = new MemoryStream();
        if (source == "apt-cache")
        {
            using var process = Process.Start(new ProcessStartInfo("apt-cache", ["dumpavail"]) { RedirectStandardOutput = true })!;
            await process.StandardOutput.BaseStream.CopyToAsync(bytes);
            await process.WaitForExitAsync();
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"apt-cache dumpavail ended with code {process.ExitCode}.");
        }
        else
        {
            await using var stream = source == "-" ? Console.OpenStandardInput() : File.OpenRead(source);
            await stream.CopyToAsync(bytes);
        }

        return bytes.ToArray();
    }

    /// <summary>The records by package name. The last version of a package wins.</summary>
    public static Dictionary<string, ReadOnlyMemory<byte>> Parse(byte[] index)
    {
        var packages = new Dictionary<string, ReadOnlyMemory<byte>>();
        for (var rest = index.AsMemory(); !rest.IsEmpty;)
        {
            var end = rest.Span.IndexOf("\n\n"u8);
            var record = end < 0 ? rest : rest[..(end + 1)];
            rest = end < 0 ? default : rest[(end + 2)..];
            if (NameOf(record.Span) is { } name)
                packages[name] = record;
        }

        return packages;
    }

    private static string? NameOf(ReadOnlySpan<byte> record)
    {
        var field = "Package: "u8;
        foreach (var line in record.Split((byte)'\n'))
        {
            if (record[line].StartsWith(field))
                return Encoding.UTF8.GetString(record[line][field.Length..]);
        }

        return null;
    }
}
