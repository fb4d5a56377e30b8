namespace KvStore.Server;

/// <summary>
/// GET and HEAD /ui/session: what the console has to know before it shows anything. What the key that asks may do, so that the console offers nothing that would be
/// refused, and what the service accepts.
/// </summary>
internal static class ConsoleSession
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes, KvStoreOptions options)
    {
        var hasKeys = AccessPipeline.IsOn(routes.ServiceProvider);
        routes.MapMethods(ConsoleEndpoints.Root + "/session", Methods, context => AnswerAsync(context, options, hasKeys))
            .Requires(RightsRequirement.AnyOf(Rights.Read | Rights.Write | Rights.Delete | Rights.Admin));
    }

    private static async Task AnswerAsync(HttpContext context, KvStoreOptions options, bool hasKeys)
    {
        var principal = Access.Of(context);
        var output = new JsonOutput(context, options);
        var json = output.Json;
        json.WriteStartObject();
        json.WriteString("version", ServiceVersion.Text);
        json.WriteBoolean("has_keys", hasKeys);
        json.WriteBoolean("read_only", options.Console == KvStoreOptions.ConsoleReadOnly);
        json.WriteString("name", principal.Name);
        WriteTexts(json, "rights", RightsText.NamesOf(principal.Rights));
        WriteTexts(json, "prefixes", principal.Prefixes);
        json.WriteNumber("key_bytes_max", options.KeyBytesMax);
        json.WriteNumber("value_bytes_max", options.ValueBytesMax);
        json.WriteNumber("page_entries_max", options.PageEntriesMax);
        json.WriteEndObject();
        await output.FlushAsync();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
