namespace KvStore.Fuzz;

/// <summary>What only the service can say, taken once at the start so that a seed always makes the same requests from it.</summary>
internal sealed record Landmarks(string StoreId, long Revision, IReadOnlyList<string> Cursors)
{
    public static readonly Landmarks None = new("0000000000000000", 0, []);
}
