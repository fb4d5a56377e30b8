namespace KvStore.Server;

/// <summary>Checks how the memory is divided into accounts: the bounds fit together, and each has room for the largest request that is allowed.</summary>
internal static class MemorySettings
{
    // What an array or a buffer of a request has besides its bytes.
    private const int Overhead = 64 << 10;

    // What an idempotency record has for each operation.
    private const long ResultBytesMax = 16;

    // Of the runtime.
    private const string HeapLimit = "DOTNET_GCHeapHardLimit";

    public static void Check(KvStoreOptions options, SettingsReader reader)
    {
        var store = options.Store;
        if (FaultOfHeapLimit(Environment.GetEnvironmentVariable(HeapLimit), StoreOptions.AvailableBytes) is { } fault)
            reader.Problems.Add(fault);
        if (store.MemoryBytesMax > StoreOptions.AvailableBytes)
            reader.Reject("MemoryBytesMax", $"at most what the runtime may use, which is {ByteSize.TextOf(StoreOptions.AvailableBytes)}: three quarters of a container's limit, or DOTNET_GCHeapHardLimit, or the memory of the machine", ByteSize.TextOf(store.MemoryBytesMax));
        var accounts = new MemoryBudget(store).All;
        var sum = accounts.Sum(account => Math.Max(0, account.BytesMax));
        if (sum > store.MemoryBytesMax)
        {
            reader.Reject("MemoryBytesMax", $"at least the sum of its parts, which is {ByteSize.TextOf(sum)}: {string.Join(", ", accounts.Select(TextOf))}", ByteSize.TextOf(store.MemoryBytesMax));
            return;
        }

        var value = (long)options.ValueBytesMax + options.KeyBytesMax + Overhead;
        CheckRoom(reader, "EntriesBytesMax", store.EntriesBytesMax, value, "ValueBytesMax");

        // In pieces, and then as a whole.
        CheckRoom(reader, "BodiesBytesMax", store.BodiesBytesMax, 2 * value, "ValueBytesMax");
        CheckRoom(reader, "BodiesBytesMax", store.BodiesBytesMax, Math.Min(options.JsonBodyBytesMax, store.QueueBytesMax), "JsonBodyBytesMax");
        CheckRoom(reader, "AnswersBytesMax", store.AnswersBytesMax, value, "ValueBytesMax");
        CheckRoom(reader, "IdempotencyBytesMax", store.IdempotencyBytesMax, value + (options.TransactionOperationsMax * ResultBytesMax), "ValueBytesMax");
    }

    /// <summary>
    /// Why the runtime does not use the heap limit that it is given; null if it does. The native program's takes hexadecimal digits alone and says nothing about
    /// others, such as those after 0x, so that a process which should end at its limit would use the machine's memory.
    /// </summary>
    internal static string? FaultOfHeapLimit(string? given, long availableBytes)
    {
        var digits = given?.Trim() ?? "";
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            digits = digits[2..];
        var isInForce = digits.Length == 0 || (long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var limit) && availableBytes <= limit);
        return isInForce || digits == "0" ? null : $"{HeapLimit} must be hexadecimal digits alone, such as 60000000 for 1.5GiB. The runtime does not use it as it is. Given: {given}.";
    }

    private static string TextOf(MemoryAccount account) => $"{char.ToUpperInvariant(account.Name[0])}{account.Name[1..]}BytesMax {ByteSize.TextOf(Math.Max(0, account.BytesMax))}";

    private static void CheckRoom(SettingsReader reader, string name, long bytesMax, long largest, string follows)
    {
        if (bytesMax < largest)
            reader.Reject(name, $"at least {largest}, which the largest request needs: raise it or KvStore:MemoryBytesMax, or lower KvStore:{follows}", bytesMax);
    }
}
