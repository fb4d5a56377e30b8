namespace KvStore.Server;

/// <summary>The groups of operations, in the order in which they are shown: what a new user needs comes first.</summary>
internal static class ApiTags
{
    public const string Entries = "Entries";
    public const string Mergeable = "Mergeable";
    public const string Listing = "Listing";
    public const string Bulk = "Bulk";
    public const string Transactions = "Transactions";
    public const string Watch = "Watch";
    public const string Origins = "Origins";
    public const string Operations = "Operations";
    public const string Compatibility = "Compatibility";

    /// <summary>Each group with its description and the heading of docs/http-api.md that explains it.</summary>
    public static readonly IReadOnlyList<(string Name, string Description, string Heading)> All =
    [
        (Entries, "One key at a time: store, read, change and delete its value.", "requests-at-a-glance"),
        (Mergeable, "Counters, sets and text that clients change at once, also offline, and that merge.", "mergeable-values"),
        (Listing, "Find entries by prefix, page by page or as a count.", "listing"),
        (Bulk, "Read, copy, load and delete many entries.", "export-and-import"),
        (Transactions, "Several changes at one revision: all of them or none.", "transactions"),
        (Watch, "Changes as they happen.", "watching"),
        (Origins, "Prefixes whose entries are loaded from another service.", "origins"),
        (Operations, "Health, status, metrics and backups.", "management"),
        (Compatibility, "The two requests of the service that this one replaces.", "person-endpoints"),
    ];
}
