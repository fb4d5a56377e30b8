namespace KvStore.Fuzz;

/// <summary>Reads whose answers, snapshots or work are large.</summary>
internal static class ReadSequences
{
    private const int LargeKeys = 8;
    private const int PairsPerCase = 10;

    public static readonly Sequence[] All =
    [
        new("old-revisions", OldRevisions),
        new("cursors", Cursors),
        new("long-polls", LongPolls),
        new("exports", Exports),
        new("unread-answers", UnreadAnswers),
        new("openapi", OpenApi),
    ];

    private static FuzzCase OldRevisions(Material material, long number) => FuzzCase.Pipeline(number, "old-revisions",
        [.. Enumerable.Range(0, PairsPerCase).Select(_ => Sequence.Request("GET", "/v1/kv/{key}", Texts.Get($"/v1/kv/{material.Key()}?revision={material.Revision()}")))]);

    // Each page keeps the snapshot of its cursor, and each write makes the next one another.
    private static FuzzCase Cursors(Material material, long number) => FuzzCase.Pipeline(number, "cursors",
        [.. Enumerable.Range(0, PairsPerCase).SelectMany(i => new[]
        {
            Sequence.Request("GET", "/v1/kv", Texts.Get("/v1/kv?limit=1")),
            Sequence.Request("PATCH", "/v1/kv/{key}", Texts.SetLifetime(LargeKey(material), 9000 + i)),
        }), Store(material)]);

    private static FuzzCase LongPolls(Material material, long number) => material.Once(3)
        ? FuzzCase.Unanswered(number, "long-polls", [Sequence.Request("GET", "/v1/kv/{key}", Texts.Get($"/v1/kv/{material.Key()}?wait=60"))], new Step(StepKind.Hold))
        : FuzzCase.Pipeline(number, "long-polls: store", [Store(material)]);

    private static FuzzCase Exports(Material material, long number) => material.Once(2)
        ? FuzzCase.Unanswered(number, "exports", [Sequence.Request("GET", "/v1/export", Texts.Get("/v1/export"))], new Step(StepKind.Hold))
        : FuzzCase.Pipeline(number, "exports: store", [Store(material)]);

    private static FuzzCase UnreadAnswers(Material material, long number) => material.Once(5)
        ? FuzzCase.Pipeline(number, "unread-answers: store", [Store(material)])
        : FuzzCase.Unanswered(number, "unread-answers",
            [.. Enumerable.Range(0, PairsPerCase).Select(_ => Sequence.Request("GET", "/v1/kv/{key}", Texts.Get("/v1/kv/" + LargeKey(material))))], new Step(StepKind.Hold));

    private static FuzzCase OpenApi(Material material, long number) => FuzzCase.Pipeline(number, "openapi",
        [.. Enumerable.Range(0, PairsPerCase).Select(_ => new FuzzRequest(Routes.Beside, System.Text.Encoding.ASCII.GetBytes(Texts.Get("/openapi/v1.json")), ChangesRoute: true))]);

    private static string LargeKey(Material material) => $"{Material.Prefix}read/{material.Random.Next(LargeKeys)}";

    private static FuzzRequest Store(Material material) => Sequence.Request("PUT", "/v1/kv/{key}", Texts.Put(LargeKey(material), Texts.Mebibyte));
}
