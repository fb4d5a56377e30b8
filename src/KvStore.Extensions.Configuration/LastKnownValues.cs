using System.Text.Json.Serialization;

namespace KvStore.Extensions.Configuration;

/// <summary>The file with the last known values. It is replaced as a whole: a process that is killed leaves the one before.</summary>
internal static class LastKnownValues
{
    public static Dictionary<string, string?>? Load(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, LastKnownJson.Default.DictionaryStringString) is { } data ? new Dictionary<string, string?>(data, StringComparer.OrdinalIgnoreCase) : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public static void Save(string path, Dictionary<string, string?> data)
    {
        var temporary = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(file, data, LastKnownJson.Default.DictionaryStringString);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(Dictionary<string, string?>))]
internal sealed partial class LastKnownJson : JsonSerializerContext;
