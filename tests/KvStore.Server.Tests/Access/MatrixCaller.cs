using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace KvStore.Server.Tests;

/// <summary>A client of the matrix: what it sends to say who it is, and what it may do.</summary>
/// <param name="Name">What it is called, also in the file of keys.</param>
/// <param name="Rights">Its rights.</param>
/// <param name="Prefixes">The keys that it may use; none: all.</param>
internal sealed record MatrixCaller(string Name, Rights Rights, params ImmutableArray<string> Prefixes)
{
    private static readonly ImmutableArray<string> TeamA = ["team-a/", "person/1"];
    private static readonly ImmutableArray<string> TeamB = ["team-b/", "person/2"];

    private const Rights Data = Rights.Read | Rights.Write | Rights.Delete;

    private static MatrixCaller Wrong { get; } = new("wrong", Rights.None) { IsKnown = false, Rejection = 401 };

    /// <summary>Every client.</summary>
    public static IReadOnlyList<MatrixCaller> All { get; } =
    [
        new("none", Rights.None) { Headers = [], Rejection = 401 },
        Wrong,
        new("expired", Data | Rights.Admin) { IsExpired = true, Rejection = 401 },
        new("other scheme", Rights.None) { Headers = ["Authorization: Basic dXNlcjpwYXNzd29yZA=="], Rejection = 401 },
        new("two keys", Rights.None) { Headers = ["Authorization: Bearer " + Wrong.Token, "X-Api-Key: " + Wrong.Token], Rejection = 400 },
        new("reader", Rights.Read, TeamA),
        new("writer", Rights.Write, TeamA),
        new("deleter", Rights.Delete, TeamA),
        new("editor", Rights.Read | Rights.Write, TeamA),
        new("team-a", Data, TeamA),
        new("team-a-header", Data, TeamA) { IsInOwnHeader = true },
        new("team-b", Data, TeamB),
        new("both-teams", Data, [.. TeamA, .. TeamB]),
        new("admin", Rights.Admin),
        new("admin-of-team-a", Rights.Admin, TeamA),
        new("writer-everywhere", Rights.Write),
        new("data-everywhere", Data),
        new("everything", Data | Rights.Admin),
        new("reader-by-token", Rights.Read, TeamA) { IsToken = true },
        new("team-a-by-token", Data, TeamA) { IsToken = true },
        new("everything-by-token", Data | Rights.Admin) { IsToken = true },
        new("expired-token", Data | Rights.Admin) { IsToken = true, IsExpired = true, Rejection = 401 },
        new("forged-token", Data | Rights.Admin) { IsToken = true, IsForged = true, Rejection = 401 },
    ];

    public string Token => field ??= IsToken ? MatrixTokens.Of(this) : "kv_" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes("matrix " + Name))).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>The header that says who it is.</summary>
    public (string Name, string Value) Header => IsInOwnHeader ? ("X-Api-Key", Token) : ("Authorization", "Bearer " + Token);

    /// <summary>What the file of keys has.</summary>
    public KeyEntry ToEntry() => new(Name, SHA256.HashData(Encoding.UTF8.GetBytes(Token)), Rights)
    {
        Prefixes = Prefixes.IsDefault ? [] : Prefixes,
        ExpiresAt = IsExpired ? DateTimeOffset.UtcNow.AddDays(-1) : null,
    };

    /// <summary>Whether the file of keys has it.</summary>
    public bool IsKnown { get => field && !IsToken && _headers.IsDefault; init; } = true;

    public bool IsExpired { get; init; }

    /// <summary>Whether it has a token of an issuer in place of a key.</summary>
    public bool IsToken { get; init; }

    /// <summary>Whether another one than the issuer has signed the token.</summary>
    public bool IsForged { get; init; }

    /// <summary>Whether the key is in the header X-Api-Key.</summary>
    public bool IsInOwnHeader { get; init; }

    /// <summary>What every request of it that is not open to all clients gets; null: that depends on the request.</summary>
    public int? Rejection { get; init; }

    public ImmutableArray<string> Headers
    {
        get => _headers.IsDefault ? [$"{Header.Name}: {Header.Value}"] : _headers;
        init => _headers = value;
    }

    private readonly ImmutableArray<string> _headers;

    /// <summary>Whether it may do something.</summary>
    public bool May(Need need) => (Rights & need.Rights) == need.Rights && (need.Text is null || Prefixes.IsDefaultOrEmpty || Prefixes.Any(prefix => need.Text.StartsWith(prefix, StringComparison.Ordinal)));

    /// <summary>What it gets for a row of the matrix.</summary>
    public int StatusOf(MatrixRow row) => row.IsOpen ? row.Status
        : Rejection is { } rejection ? rejection
        : Array.TrueForAll(row.Needs, May) || (row.IsByLine && row.Needs.All(need => Rights.HasFlag(need.Rights))) ? row.Status
        : 403;

    public override string ToString() => Name;
}
