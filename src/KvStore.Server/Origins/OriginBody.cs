using KvStore.Origins;

namespace KvStore.Server;

/// <summary>The body of a request about keys of an origin: <c>{"keys": [...]}</c>, or where a prefix is possible <c>{"prefix": "..."}</c>.</summary>
internal sealed class OriginBody
{
    private const int KeysBit = 1;
    private const int PrefixBit = 2;

    private readonly KvStoreOptions _options;
    private readonly OriginState _origin;
    private readonly Principal _principal;
    private readonly Rights _rights;
    private readonly bool _takesPrefix;
    private readonly HashSet<Key> _keys = [];

    private OriginBody(KvStoreOptions options, OriginState origin, Principal principal, Rights rights, bool takesPrefix) =>
        (_options, _origin, _principal, _rights, _takesPrefix) = (options, origin, principal, rights, takesPrefix);

    /// <summary>The keys, each once; none if there is a prefix.</summary>
    public IReadOnlyCollection<Key> Keys => _keys;

    /// <summary>The prefix, which starts with that of the origin; null if there are keys.</summary>
    public byte[]? Prefix { get; private set; }

    private string Known => _takesPrefix ? "keys, prefix" : "keys";

    private string Example => _takesPrefix ? $"a JSON object such as {{\"keys\": [\"{_origin.Options.Prefix}a\"]}} or {{\"prefix\": \"{_origin.Options.Prefix}\"}}" : $"a JSON object such as {{\"keys\": [\"{_origin.Options.Prefix}a\"]}}";

    /// <summary>Parses a body, and checks that the principal has the rights to what it names.</summary>
    public static Problem? TryParse(ReadOnlySpan<byte> bytes, KvStoreOptions options, OriginState origin, Principal principal, Rights rights, bool takesPrefix, out OriginBody body)
    {
        body = new OriginBody(options, origin, principal, rights, takesPrefix);
        if (TextInput.TryOpen(bytes, body.Example, out var utf8) is { } problem)
            return problem;
        try
        {
            return body.TryRead(utf8);
        }
        catch (JsonException)
        {
            return JsonText.NotJson(utf8);
        }
    }

    private Problem? TryRead(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, JsonText.ReaderOptions);
        var seen = 0;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return Problems.MalformedRequest($"Send {Example}.", "body");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var problem = JsonText.IsOn(ref reader, "keys"u8) ? JsonText.Once(ref seen, KeysBit, "keys") ?? TryReadKeys(ref reader)
                : _takesPrefix && JsonText.IsOn(ref reader, "prefix"u8) ? JsonText.Once(ref seen, PrefixBit, "prefix") ?? TryReadPrefix(ref reader)
                : JsonText.Unknown(ref reader, Known);
            if (problem is not null)
                return problem;
        }

        // Throws if anything follows the object.
        reader.Read();
        return seen is KeysBit or PrefixBit ? null : Problems.MalformedRequest($"Send {Example}.", "body");
    }

    private Problem? TryReadKeys(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            return Problems.MalformedRequest("Give an array of strings.", "keys");
        for (var count = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
        {
            if (count == _options.BatchKeysMax)
                return Problems.MalformedRequest($"Give at most {_options.BatchKeysMax} keys; send the others with another request.", "keys");
            var name = $"keys[{count}]";
            Key key = default;
            var problem = JsonString.TryGet(ref reader, name, out var text) ?? KeyText.TryCreate(text.Utf8, _options.KeyBytesMax, name, out key) ?? CheckPrefix(key.Utf8, name);
            problem ??= Access.Check(_principal, _rights, key) is { } forbidden ? forbidden with { Field = name } : null;
            if (problem is not null)
                return problem;
            _keys.Add(key);
        }

        return null;
    }

    private Problem? TryReadPrefix(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (JsonString.TryGet(ref reader, "prefix", out var text) is { } problem)
            return problem;
        if (Key.Check(text.Utf8, _options.KeyBytesMax) is not (KeyProblem.None or KeyProblem.DotSegment))
            return Problems.MalformedKey("Give what keys start with, as text without control characters.", "prefix");
        if (CheckPrefix(text.Utf8, "prefix") is { } elsewhere)
            return elsewhere;
        Prefix = text.Utf8.ToArray();
        return _principal.Allows(_rights, KeyRange.WithPrefix(Prefix)) ? null : Access.Check(_principal, _rights, Key.Parse(_origin.Options.Prefix + "-")) ?? Problems.LacksRight(RightsText.TextOf(_rights));
    }

    private Problem? CheckPrefix(ReadOnlySpan<byte> bytes, string field) =>
        bytes.StartsWith(_origin.Prefix.Span) ? null : Problems.MalformedRequest($"It does not start with {_origin.Options.Prefix}, as all keys of this origin do.", field);
}
