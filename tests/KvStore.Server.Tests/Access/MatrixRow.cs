namespace KvStore.Server.Tests;

/// <summary>What a request needs: rights for a key, for every key with a prefix, or for the service.</summary>
/// <param name="Rights">The rights, all of them.</param>
/// <param name="Text">The key or the prefix; null for the service.</param>
internal readonly record struct Need(Rights Rights, string? Text)
{
    public static Need Read(string text) => new(Rights.Read, text);

    public static Need Write(string text) => new(Rights.Write, text);

    public static Need Delete(string text) => new(Rights.Delete, text);

    public static Need Admin { get; } = new(Rights.Admin, null);

    /// <summary>Any right.</summary>
    public static Need Known { get; } = new(Rights.None, null);
}

/// <summary>
/// A request, and what it needs. <c>IN/</c> stands for a prefix of the callers of team a, <c>OUT/</c> for one of team b, which those may not know of;
/// <c>INID</c> and <c>OUTID</c> stand for persons of theirs, and <c>CURSOR(PREFIX|AFTER)</c> for a cursor that any client can make.
/// </summary>
/// <param name="Place">Where the request's keys are: inside, outside, or across; or that it is about the service.</param>
/// <param name="Request">The request.</param>
/// <param name="Status">The answer to a caller that may send it.</param>
/// <param name="Needs">What it needs; none: any client may send it.</param>
internal sealed record MatrixRow(string Place, Request Request, int Status, params Need[] Needs)
{
    /// <summary>Whether lines that the caller may not write are reported, while the others are stored.</summary>
    public bool IsByLine { get; init; }

    public bool IsOpen => Needs.Length == 0;

    /// <summary>Whether the OpenAPI document has the request: not what belongs to a page.</summary>
    public bool IsDocumented => !IsOpen && !Request.Target.StartsWith("/ui/", StringComparison.Ordinal);

    /// <summary>The same request for the keys of team b.</summary>
    public MatrixRow Outside() => new("outside", Fill(Swap), Status, [.. Needs.Select(need => need with { Text = need.Text is { } text ? Swap(text) : null })]) { IsByLine = IsByLine };

    /// <summary>The row with other text in place of the stand-ins.</summary>
    public MatrixRow With(Func<string, string> fill) =>
        new(Place, Fill(fill), Status, [.. Needs.Select(need => need with { Text = need.Text is { } text ? fill(text) : null })]) { IsByLine = IsByLine };

    public override string ToString() => $"{Request.Method} {Request.Target}{string.Concat(Request.Headers.Skip(1).Select(header => " " + header))} {Request.Body} ({Place})".Trim();

    private Request Fill(Func<string, string> fill) => Request with { Target = fill(Request.Target), Headers = [.. Request.Headers.Select(fill)], Body = fill(Request.Body) };

    private static string Swap(string text) => text.Replace("IN/", "OUT/", StringComparison.Ordinal).Replace("INID", "OUTID", StringComparison.Ordinal);
}
