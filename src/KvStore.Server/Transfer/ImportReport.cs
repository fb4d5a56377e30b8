namespace KvStore.Server;

/// <summary>What an import has done so far. Belongs to one thread at a time.</summary>
/// <param name="errorsMax">The number of lines whose errors are reported.</param>
internal sealed class ImportReport(int errorsMax)
{
    private readonly List<(long Line, string Detail)> _errors = [];

    /// <summary>The number of the current line; the first is 1.</summary>
    public long Line { get; private set; }

    public long Imported { get; private set; }

    /// <summary>Entries that were not stored because they had expired already.</summary>
    public long Expired { get; private set; }

    public long Failed { get; private set; }

    public void Begin() => Line++;

    public void Import() => Imported++;

    public void Expire() => Expired++;

    public void Fail(Problem problem)
    {
        Failed++;
        if (_errors.Count < errorsMax)
            _errors.Add((Line, problem.Field is null ? problem.Detail : $"{problem.Field}: {problem.Detail}"));
    }

    public void WriteProgress(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("line"u8, Line);
        WriteCounts(json);
        json.WriteEndObject();
    }

    public void WriteResult(Utf8JsonWriter json, long revision)
    {
        json.WriteStartObject();
        json.WriteNumber("revision"u8, revision);
        WriteCounts(json);
        json.WriteStartArray("errors"u8);
        foreach (var (line, detail) in _errors)
        {
            json.WriteStartObject();
            json.WriteNumber("line"u8, line);
            json.WriteString("detail"u8, detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteCounts(Utf8JsonWriter json)
    {
        json.WriteNumber("imported"u8, Imported);
        json.WriteNumber("expired"u8, Expired);
        json.WriteNumber("failed"u8, Failed);
    }
}
