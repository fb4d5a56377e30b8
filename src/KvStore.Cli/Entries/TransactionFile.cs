namespace KvStore.Cli;

/// <summary>
/// Reads a transaction in the form of <c>POST /v1/txn</c>, strictly: what is wrong with it is said with its place, before anything is sent. The client sends it, so that a retry has the
/// same Idempotency-Key.
/// </summary>
internal static class TransactionFile
{
    private static readonly string[] ValueForms = ["json", "text", "base64"];

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, CommentHandling = JsonCommentHandling.Disallow };

    /// <exception cref="KvFailure">It is no transaction.</exception>
    public static KvTransaction Parse(ReadOnlyMemory<byte> text, string name)
    {
        try
        {
            if (text.Span.StartsWith("\uFEFF"u8))
                text = text[3..];
            using var document = JsonDocument.Parse(text, Strict);
            return Parse(document.RootElement);
        }
        catch (JsonException exception)
        {
            var place = exception.LineNumber is { } line ? $", line {line + 1}, byte {exception.BytePositionInLine + 1}" : "";
            throw new KvFailure(ExitCode.Usage, $"{name}{place} is no valid JSON: {exception.Message.Split(" LineNumber:")[0].Split(" Path:")[0]}", exception);
        }
        catch (Exception exception) when (exception is FormatException or InvalidOperationException)
        {
            // The second one is for text with half of a surrogate pair, which is no text.
            throw new KvFailure(ExitCode.Usage, $"{name} is no transaction: {exception.Message}", exception);
        }
    }

    private static KvTransaction Parse(JsonElement root)
    {
        var transaction = new KvTransaction();
        Expect(root, JsonValueKind.Object, "the file", """an object such as {"guards": [...], "operations": [...]}""");
        foreach (var member in root.EnumerateObject())
        {
            if (member.Name is not ("guards" or "operations"))
                throw Unknown(member.Name, "", "guards", "operations");
            Expect(member.Value, JsonValueKind.Array, member.Name, "an array");
            var index = 0;
            foreach (var item in member.Value.EnumerateArray())
            {
                var place = $"{member.Name}[{index++}]";
                Expect(item, JsonValueKind.Object, place, "an object");
                if (member.Name == "guards")
                    AddGuard(transaction, item, place);
                else
                    AddOperation(transaction, item, place);
            }
        }

        return root.TryGetProperty("operations", out _) || root.TryGetProperty("guards", out _) ? transaction : throw new FormatException("it has neither guards nor operations.");
    }

    private static void AddGuard(KvTransaction transaction, JsonElement guard, string place)
    {
        Check(guard, place, "key", "revision", "exists");
        var key = Text(guard, place, "key");
        if (guard.TryGetProperty("revision", out var revision) == guard.TryGetProperty("exists", out var exists))
            throw new FormatException($"{place} must have exactly one of revision and exists.");
        if (revision.ValueKind == JsonValueKind.Number)
            transaction.IfRevision(key, revision.TryGetInt64(out var number) && number >= 0 ? Conditions.ParseRevision(number.ToString(CultureInfo.InvariantCulture), "revision") : throw new FormatException($"{place}.revision must be a whole number from 0."));
        else if (exists.ValueKind is JsonValueKind.True)
            transaction.IfPresent(key);
        else if (exists.ValueKind is JsonValueKind.False)
            transaction.IfAbsent(key);
        else
            throw new FormatException($"{place} must have a whole number as revision, or true or false as exists.");
    }

    private static void AddOperation(KvTransaction transaction, JsonElement item, string place)
    {
        if (item.EnumerateObject().ToArray() is not [var operation])
            throw new FormatException($"{place} must have exactly one member: put, delete, get or move.");
        var (arguments, at) = (operation.Value, $"{place}.{operation.Name}");
        if (operation.Name is not ("put" or "delete" or "get" or "move"))
            throw Unknown(operation.Name, place, "put", "delete", "get", "move");
        Expect(arguments, JsonValueKind.Object, at, "an object");
        switch (operation.Name)
        {
            case "put":
                AddPut(transaction, arguments, at);
                break;
            case "move":
                Check(arguments, at, "from", "to");
                transaction.Move(Text(arguments, at, "from"), Text(arguments, at, "to"));
                break;
            default:
                Check(arguments, at, "key");
                _ = operation.Name == "get" ? transaction.Get(Text(arguments, at, "key")) : transaction.Delete(Text(arguments, at, "key"));
                break;
        }
    }

    private static void AddPut(KvTransaction transaction, JsonElement put, string place)
    {
        Check(put, place, "key", "json", "text", "base64", "content_type", "ttl");
        string[] values = [.. ValueForms.Where(name => put.TryGetProperty(name, out _))];
        if (values is not [var form])
            throw new FormatException($"{place} must have exactly one of json, text and base64.");
        var value = form switch
        {
            "json" => Encoding.UTF8.GetBytes(put.GetProperty(form).GetRawText()),
            "text" => Encoding.UTF8.GetBytes(Text(put, place, form)),
            _ => put.GetProperty(form) is { ValueKind: JsonValueKind.String } text && text.TryGetBytesFromBase64(out var bytes) ? bytes : throw new FormatException($"{place}.base64 must be a string in base64."),
        };
        var type = put.TryGetProperty("content_type", out _) ? Text(put, place, "content_type") : form switch { "json" => ValueInput.Json, "text" => ValueInput.Text, _ => ValueInput.Binary };
        var timeToLive = !put.TryGetProperty("ttl", out var ttl) ? default(TimeSpan?)
            : ttl is { ValueKind: JsonValueKind.Number } && ttl.TryGetInt32(out var seconds) && seconds > 0 ? TimeSpan.FromSeconds(seconds) : throw new FormatException($"{place}.ttl must be a whole number of seconds from 1.");
        transaction.Put(Text(put, place, "key"), value, type, timeToLive);
    }

    private static string Text(JsonElement element, string place, string name) => element.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
        ? member.GetString()!
        : throw new FormatException($"{place} must have a string as {name}.");

    private static void Check(JsonElement element, string place, params string[] known)
    {
        foreach (var member in element.EnumerateObject())
        {
            if (!known.Contains(member.Name, StringComparer.Ordinal))
                throw Unknown(member.Name, place, known);
        }
    }

    private static void Expect(JsonElement element, JsonValueKind kind, string place, string form)
    {
        if (element.ValueKind != kind)
            throw new FormatException($"{place} must be {form}.");
    }

    private static FormatException Unknown(string name, string place, params string[] known) =>
        new($"{(place.Length > 0 ? place + "." : "")}{Visible.Line(name)} is not known; these are: {string.Join(", ", known)}.{Spelling.Suggest(name, known)}");
}
