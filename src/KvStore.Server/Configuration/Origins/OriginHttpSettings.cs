using KvStore.Origins;

namespace KvStore.Server;

/// <summary>Reads the settings of an origin that is an HTTP service.</summary>
internal static class OriginHttpSettings
{
    private const string UrlForm = "an address of http or https with {key} or {fullkey} in its path or query, such as https://api.example.com/rates/{key}";
    private const string WriteUrlForm = UrlForm + ", or none for Http:Url";
    private const string BatchUrlForm = "an address of http or https with {keys} in its path or query, such as https://api.example.com/rates?ids={keys}";
    private const string PointerForm = "a JSON pointer such as /items, or none for the whole";

    /// <summary>Reads them. What is wrong is added to the problems of the reader.</summary>
    /// <param name="settings">The section.</param>
    /// <param name="withAll">Whether settings that are not given are read too, for <c>--help</c>.</param>
    public static OriginHttpOptions Read(SettingsReader settings, bool withAll)
    {
        var headers = settings.Section("Headers");
        var http = new OriginHttpOptions
        {
            Url = settings.Text("Url", "", UrlForm),
            Batch = withAll || settings.Has("Batch") ? ReadBatch(settings.Section("Batch")) : null,
            Store = ReadWrite(settings.Section("Store"), "PUT", ["PUT", "POST", "PATCH"]),
            Delete = ReadWrite(settings.Section("Delete"), "DELETE", ["DELETE", "POST", "PUT"]),
            Headers = headers.Names.ToArray().ToDictionary(name => name, name => headers.Text(name, "", "the value of a header")),
        };
        if (!IsAddress(http.Url, "{key}", "{fullkey}"))
            settings.Reject("Url", UrlForm, OriginSettings.Given(http.Url));
        settings.RejectUnknown();
        return http;
    }

    private static OriginHttpWriteOptions ReadWrite(SettingsReader settings, string method, string[] methods)
    {
        var url = settings.Text("Url", KvStoreOptions.None, WriteUrlForm);
        var write = new OriginHttpWriteOptions { Method = settings.Choice("Method", method, methods, later: []), Url = url.Equals(KvStoreOptions.None, StringComparison.OrdinalIgnoreCase) ? null : url };
        if (write.Url is not null && !IsAddress(write.Url, "{key}", "{fullkey}"))
            settings.Reject("Url", WriteUrlForm, write.Url);
        settings.RejectUnknown();
        return write;
    }

    private static OriginBatchOptions ReadBatch(SettingsReader settings)
    {
        var defaults = new OriginBatchOptions { Url = "" };
        var batch = new OriginBatchOptions
        {
            Url = settings.Text("Url", "", BatchUrlForm),
            KeysMax = settings.Integer("KeysMax", defaults.KeysMax, 2, 1000),
            Wait = settings.Duration("Wait", defaults.Wait, TimeSpan.Zero, TimeSpan.FromSeconds(10)),
            Items = PointerOf(settings.Text("Items", KvStoreOptions.None, PointerForm)),
            ItemKey = PointerOf(settings.Text("ItemKey", defaults.ItemKey, PointerForm)),
        };
        if (!IsAddress(batch.Url, "{keys}"))
            settings.Reject("Url", BatchUrlForm, OriginSettings.Given(batch.Url));
        foreach (var (name, pointer) in ((string, string)[])[("Items", batch.Items), ("ItemKey", batch.ItemKey)])
        {
            if (pointer.Length > 0 && pointer[0] != '/')
                settings.Reject(name, PointerForm, pointer);
        }

        settings.RejectUnknown();
        return batch;
    }

    // Not in the name of the host: who asks for a key would choose the server.
    private static bool IsAddress(string url, params string[] places)
    {
        var place = places.FirstOrDefault(one => url.Contains(one, StringComparison.Ordinal));
        return place is not null && Uri.TryCreate(url.Replace(place, "k", StringComparison.Ordinal), UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            && Uri.TryCreate(url.Replace(place, "l", StringComparison.Ordinal), UriKind.Absolute, out var another) && address.Authority == another.Authority && address.UserInfo == another.UserInfo && address.Scheme == another.Scheme;
    }

    private static string PointerOf(string text) => text.Equals(KvStoreOptions.None, StringComparison.OrdinalIgnoreCase) ? "" : text;
}
