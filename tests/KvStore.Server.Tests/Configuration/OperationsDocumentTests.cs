using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using KvStore.Storage;
using Microsoft.Extensions.Logging;

namespace KvStore.Server.Tests;

/// <summary>docs/operations.md names every setting with its default, and every exit code.</summary>
public sealed partial class OperationsDocumentTests
{
    private static readonly string Document =
        File.ReadAllText(Path.Combine(Repository.Root, "docs/operations.md")).ReplaceLineEndings("\n");

    /// <summary>Every setting that there is, with its default as people write it.</summary>
    internal static IEnumerable<(string Name, string Default)> Settings
    {
        get
        {
            var options = new KvStoreOptions();
            return Defaults(options).Concat(Defaults(options.Store)).Concat(Defaults(options.Log).Where(setting => setting.Name != nameof(DiskLogOptions.Directory)));
        }
    }

    [Fact]
    public void Settings_InDocument_AreCompleteWithDefaults()
    {
        var defaults = Settings.Order().ToArray();

        var documented = SettingRow().Matches(Document).Select(row => (row.Groups["name"].Value, row.Groups["default"].Value)).Order().ToArray();

        Assert.Equal(defaults, documented);
    }

    [Fact]
    public void ExitCodes_InDocument_AreComplete()
    {
        var codes = typeof(ExitCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (((int)field.GetRawConstantValue()!).ToString(CultureInfo.InvariantCulture), field.Name)).Order().ToArray();

        var documented = ExitCodeRow().Matches(Document).Select(row => (row.Groups["code"].Value, row.Groups["name"].Value)).Order().ToArray();

        Assert.NotEmpty(codes);
        Assert.Equal(codes, documented);
    }

    [Fact]
    public void LogLines_InDocument_AreCompleteWithLevels()
    {
        var lines = typeof(ServiceLog).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>()
            .Where(line => line.Level is >= LogLevel.Warning and < LogLevel.None)
            .Select(line => (line.Message, line.Level == LogLevel.Critical ? "Fatal" : line.Level.ToString())).Order().ToArray();

        var documented = LogRow().Matches(Document).Select(row => (Line: row.Groups["line"].Value, row.Groups["level"].Value)).ToLookup(row => row.Line.EndsWith('…'));

        Assert.NotEmpty(lines);
        Assert.Empty(lines.Except(documented[false]));
        Assert.Empty(documented[false].Except(lines));
        Assert.Distinct(documented[false]);

        // Those of the log on disk are sentences with names of files.
        var ofDisk = Enum.GetValues<DiskLogEventKind>().Select(DiskLogReports.LevelOf).Where(level => level >= LogLevel.Warning).Select(level => level.ToString()).Order();
        Assert.Equal(ofDisk, documented[true].Select(row => row.Item2).Order());
        var source = string.Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "src/KvStore.Storage"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        Assert.All(documented[true], row => Assert.Contains(row.Line[..^1].TrimEnd(), source, StringComparison.Ordinal));
    }

    private static IEnumerable<(string Name, string Default)> Defaults(object options) => options.GetType()
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.PropertyType != typeof(StoreOptions) && property.PropertyType != typeof(DiskLogOptions))
        .Select(property => (property.Name, FollowsMemory(property) ? "[by memory](#memory)" : TextOf(property.GetValue(options))));

    // Its default is another one on a machine with more memory.
    private static bool FollowsMemory(PropertyInfo property) => property.DeclaringType == typeof(StoreOptions) &&
        !property.GetValue(new StoreOptions { MemoryBytesMax = 64 << 20 })!.Equals(property.GetValue(new StoreOptions { MemoryBytesMax = 1L << 40 }));

    private static string TextOf(object? value) => value switch
    {
        FlushMode mode => mode == FlushMode.Always ? "always" : "interval",
        bool flag => flag ? "true" : "false",
        TimeSpan { Milliseconds: 0 } duration => duration.ToString("c"),
        TimeSpan duration => duration.ToString("c").TrimEnd('0'),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    [GeneratedRegex(@"^\| `(?<name>[A-Z]\w+)` \| (?<default>[^|]+) \| [^|]+ \| [^|]+ \|$", RegexOptions.Multiline)]
    private static partial Regex SettingRow();

    [GeneratedRegex(@"^\| `(?<line>[^`]+)` \| (?<level>Warning|Error|Fatal) \| [^|]+ \|$", RegexOptions.Multiline)]
    private static partial Regex LogRow();

    [GeneratedRegex(@"^\| (?<code>\d+) \| `(?<name>\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex ExitCodeRow();
}
