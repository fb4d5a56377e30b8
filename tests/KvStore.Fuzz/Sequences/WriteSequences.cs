namespace KvStore.Fuzz;

/// <summary>Writes of few bytes whose results are large.</summary>
internal static class WriteSequences
{
    private const int Groups = 10;
    private const int MovesPerTransaction = 10;
    private const int TransactionsPerCase = 20;
    private const int LargeKeys = 8;
    private const int PatchesPerCase = 20;

    private static readonly Lazy<string> LargeJson = new(Texts.LargeJson);

    public static readonly Sequence[] All =
    [
        new("moves", Moves),
        new("lifetimes", Lifetimes),
        new("merge-patches", MergePatches),
        new("idempotent-gets", IdempotentGets),
        new("prefix-deletes", PrefixDeletes),
    ];

    private static FuzzCase Moves(Material material, long number)
    {
        var group = material.Random.Next(Groups);
        if (material.Once(3))
        {
            return FuzzCase.Pipeline(number, "moves: store", [.. Enumerable.Range(0, MovesPerTransaction)
                .Select(i => Sequence.Request("PUT", "/v1/kv/{key}", Texts.Put($"{Material.Prefix}move/a/{group}/{i}", Texts.Mebibyte)))]);
        }

        return FuzzCase.Pipeline(number, "moves", [.. Enumerable.Range(0, TransactionsPerCase)
            .Select(round => Sequence.Request("POST", "/v1/txn", Texts.Transaction(Enumerable.Range(0, MovesPerTransaction).Select(i => round % 2 == 0
                ? Texts.Move($"{Material.Prefix}move/a/{group}/{i}", $"{Material.Prefix}move/b/{group}/{i}")
                : Texts.Move($"{Material.Prefix}move/b/{group}/{i}", $"{Material.Prefix}move/a/{group}/{i}")))))]);
    }

    private static FuzzCase Lifetimes(Material material, long number)
    {
        var key = $"{Material.Prefix}lifetime/{material.Random.Next(LargeKeys)}";
        return material.Once(20)
            ? FuzzCase.Pipeline(number, "lifetimes: store", [Sequence.Request("PUT", "/v1/kv/{key}", Texts.Put(key, Texts.Mebibyte))])
            : FuzzCase.Pipeline(number, "lifetimes", [.. Enumerable.Range(0, PatchesPerCase).Select(i => Sequence.Request("PATCH", "/v1/kv/{key}", Texts.SetLifetime(key, 9000 + i)))]);
    }

    private static FuzzCase MergePatches(Material material, long number)
    {
        var key = $"{Material.Prefix}patch/{material.Random.Next(LargeKeys)}";
        return material.Once(20)
            ? FuzzCase.Pipeline(number, "merge-patches: store", [Sequence.Request("PUT", "/v1/kv/{key}", Texts.Put(key, LargeJson.Value, "application/json"))])
            : FuzzCase.Pipeline(number, "merge-patches", [.. Enumerable.Range(0, 4).Select(i => Sequence.Request("PATCH", "/v1/kv/{key}", Texts.MergePatch(key, $"{{\"a\":{i}}}")))]);
    }

    private static FuzzCase IdempotentGets(Material material, long number)
    {
        var key = $"{Material.Prefix}read/{material.Random.Next(LargeKeys)}";
        return material.Once(20)
            ? FuzzCase.Pipeline(number, "idempotent-gets: store", [Sequence.Request("PUT", "/v1/kv/{key}", Texts.Put(key, Texts.Mebibyte))])
            : FuzzCase.Pipeline(number, "idempotent-gets", [.. Enumerable.Range(0, 8).Select(_ => Sequence.Request("POST", "/v1/txn",
                Texts.Transaction([$"{{\"get\":{{\"key\":\"{key}\"}}}}", $"{{\"put\":{{\"key\":\"{Material.Prefix}mark\",\"text\":\"\"}}}}"], $"Idempotency-Key: {material.Random.NextInt64():x}\r\n")))]);
    }

    private static FuzzCase PrefixDeletes(Material material, long number)
    {
        var lines = string.Concat(Enumerable.Range(0, 2000).Select(i => $"{{\"key\":\"{Material.Prefix}many/{i}\",\"text\":\"\"}}\n"));
        return material.Once(2)
            ? FuzzCase.Pipeline(number, "prefix-deletes: store", [Sequence.Request("POST", "/v1/import", Texts.Post("/v1/import", lines, contentType: "application/x-ndjson"))])
            : FuzzCase.Pipeline(number, "prefix-deletes", [Sequence.Request("DELETE", "/v1/kv", $"DELETE /v1/kv?prefix={Material.Prefix}many/ HTTP/1.1\r\nHost: localhost\r\n\r\n")]);
    }
}
