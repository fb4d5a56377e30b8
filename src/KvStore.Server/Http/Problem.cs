namespace KvStore.Server;

/// <summary>
/// An error in the form of RFC 9457. Every error that leaves the service is one of these; <see cref="Problems"/> lists them. Code that
/// reads a part of a request returns what is wrong with it, or null.
/// </summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Slug">The stable name: a heading of docs/http-api.md.</param>
/// <param name="Title">What is wrong, the same for every occurrence.</param>
/// <param name="Detail">What is wrong this time, and what to do.</param>
internal sealed record Problem(int Status, string Slug, string Title, string Detail)
{
    public const string ContentType = "application/problem+json";

    /// <summary>Where the service explains its problems. From the root, so that it is the same page whatever a client resolves it against (RFC 9457, section 3.1.1).</summary>
    public const string Page = "/docs/http-api";

    /// <summary>The part of the request that was wrong: a header, a parameter, a member of a JSON body.</summary>
    public string? Field { get; init; }

    /// <summary>The oldest readable revision, if the requested one is older. Not for clients with rights to some keys only.</summary>
    public long? OldestRevision { get; init; }

    /// <summary><c>not-applied</c> or <c>unknown</c>, if a write failed on the service's side.</summary>
    public string? Outcome { get; init; }

    /// <summary>The guards of a transaction that failed.</summary>
    public IReadOnlyList<FailedMember>? Failed { get; init; }

    /// <summary>What a mergeable value includes, if changes before those of the request are missing.</summary>
    public string? Version { get; init; }

    /// <summary>How to authenticate: the value of WWW-Authenticate, which every 401 has.</summary>
    public string? Challenge { get; init; }

    /// <summary>When a retry may succeed.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The problem that a request was answered with, or null.</summary>
    public static Problem? Of(HttpContext context) => (Problem?)context.Features[typeof(Problem)];

    /// <summary>Answers the request with this problem. The response must not have started.</summary>
    public Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        var body = (MayTellOfStore(context) ? this : this with { OldestRevision = null }).ToBody(context.Request.PathBase.Value);

        context.Features[typeof(Problem)] = this;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";

        // A problem may repeat text of the request, unescaped as far as JSON allows.
        response.Headers.XContentTypeOptions = "nosniff";
        if (Challenge is not null)
            response.Headers.WWWAuthenticate = Challenge;
        if (RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private static bool MayTellOfStore(HttpContext context) => IKeyScope.Of(context)?.HasAllKeys != false;

    /// <summary>The body of the answer: a line, so that a terminal's next prompt starts on its own.</summary>
    /// <param name="pathBase">What the path of its explanation begins with.</param>
    public byte[] ToBody(string? pathBase) => [.. ToUtf8Json(pathBase), (byte)'\n'];

    public byte[] ToUtf8Json(string? pathBase = null)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, JsonWriting.Options);
        json.WriteStartObject();
        json.WriteString("type", $"{pathBase}{Page}#{Slug}");
        json.WriteString("title", Title);
        json.WriteNumber("status", Status);
        json.WriteString("detail", Detail);
        if (Field is not null)
            json.WriteString("field", Field);
        if (OldestRevision is { } oldest)
            json.WriteNumber("oldest_revision", oldest);
        if (Outcome is not null)
            json.WriteString("outcome", Outcome);
        if (Failed is not null)
            WriteFailed(json, Failed);
        if (Version is not null)
            json.WriteString("version", Version);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteFailed(Utf8JsonWriter json, IReadOnlyList<FailedMember> failed)
    {
        json.WriteStartArray("failed");
        foreach (var (field, key, revision) in failed)
        {
            json.WriteStartObject();
            json.WriteString("field", field);
            json.WriteString("key", key.Utf8);
            if (revision is { } current)
                json.WriteNumber("revision", current);
            else
                json.WriteNull("revision");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

/// <summary>A guard that failed: the member of the request that it is, its key, and the revision of the key's entry, or null if there is none.</summary>
internal readonly record struct FailedMember(string Field, Key Key, long? Revision);
