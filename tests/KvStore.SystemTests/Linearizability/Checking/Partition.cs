namespace KvStore.SystemTests;

/// <summary>
/// Divides a history into parts that can be checked alone, because no operation has to do with keys of two of them: a history is linearizable
/// exactly if each of its objects is (Herlihy and Wing, "Linearizability", 1990; Horn and Kroening, "Faster linearizability checking via
/// P-compositionality", 2015). Operations with one key make a part per key; a listing makes one part of its keys.
/// </summary>
internal static class Partition
{
    public static IEnumerable<IReadOnlyList<Operation>> Of(IReadOnlyList<Operation> history)
    {
        var groupOf = new Dictionary<int, int>();
        foreach (var operation in history)
        {
            var keys = operation.Call.Keys.ToArray();
            var met = keys.Select(key => groupOf.GetValueOrDefault(key, key)).ToHashSet();
            foreach (var key in groupOf.Keys.Where(key => met.Contains(groupOf[key])).Concat(keys).ToArray())
                groupOf[key] = met.Min();
        }

        return history.GroupBy(operation => groupOf[operation.Call.Keys.First()]).Select(part => part.ToArray());
    }
}
