namespace KvStore.Server;

/// <summary>
/// PUT of /person/update, GET and HEAD of /person/get, as in the service that this one replaces. A person is the entry person/{id},
/// whose value is the JSON of the answer.
/// </summary>
internal sealed class PersonEndpoints(KeyWrites writes, Reads reads, RequestBodies bodies, LargeAnswers answers, KvStoreOptions options, TimeProvider time)
{
    private static readonly string[] ReadParameters = ["id", .. Reads.Parameters];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<PersonEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Put, "/person/update", endpoints.UpdateAsync, PersonApi.Update);
        routes.Map(HttpMethods.Get, "/person/get", endpoints.GetAsync, PersonApi.Get);
        routes.Map(HttpMethods.Head, "/person/get", endpoints.GetAsync, PersonApi.Get.AsHead("headPerson"));
    }

    private async Task<Problem?> UpdateAsync(HttpContext context)
    {
        var body = new PersonBody();
        Idempotency? idempotency = null;
        string? idempotencyKey = null;
        Conditions conditions = default;
        var problem = QueryParameters.TryGet(context, [], out _) ?? IdempotencyHeader.TryGet(context, out idempotencyKey);
        if (problem is null)
            (body, idempotency, problem) = await ReadBodyAsync(context, idempotencyKey);
        problem ??= body.Name is null ? PersonBody.NameProblem
            : Access.Check(context, Rights.Write, KeyOf(body.Id!.Value)) ?? Conditions.TryGet(context, KeyOf(body.Id!.Value), out conditions);
        if (problem is not null)
            return problem;

        var ticks = time.GetUtcNow().UtcTicks;
        var person = Person.At(body.Id!.Value, body.Name!, ticks);
        var json = JsonSerializer.SerializeToUtf8Bytes(person, PersonJson.Instance.Person);
        if (json.Length > options.ValueBytesMax)
            return Problems.TooLarge(options.ValueBytesMax);

        // The time is the only part of the answer that a repeated request does not have.
        var put = new Put(KeyOf(person.Id), json, ContentTypes.Json) { Memo = ticks };
        var outcome = await writes.SubmitAsync(new Transaction(conditions.Guards, [put]) { Idempotency = idempotency }, context);
        return await WriteOutcome.AnswerAsync(context, outcome, committed => new WriteAnswer(StatusCodes.Status200OK, committed.Revision)
        {
            HasETag = true,
            ContentType = ContentTypes.Json,
            Body = JsonSerializer.SerializeToUtf8Bytes(Person.At(person.Id, person.Name, committed.Results[0].Number), PersonJson.Instance.Person),
        });
    }

    private async Task<Problem?> GetAsync(HttpContext context)
    {
        Conditions conditions = default;
        ReadRequest request = default;
        var id = 0L;
        var problem = QueryParameters.TryGet(context, ReadParameters, out var parameters)
            ?? Reads.TryGet(parameters, out request);
        if (problem is null)
            (id, problem) = await ReadIdAsync(context, parameters);
        problem ??= Access.Check(context, Rights.Read, KeyOf(id)) ?? Conditions.TryGet(context, KeyOf(id), out conditions);
        if (problem is null)
            await EntryAnswer.WriteAsync(context, options, answers, await reads.TakeAsync(request, context), KeyOf(id), conditions);
        return problem;
    }

    private async ValueTask<(long Id, Problem? Problem)> ReadIdAsync(HttpContext context, QueryParameters parameters)
    {
        if (parameters.Text("id") is { } text)
        {
            return WholeNumber.TryParse(text, out var id, maySign: true)
                ? (id, null)
                : (0, PersonBody.IdProblem);
        }

        var (body, _, problem) = await ReadBodyAsync(context, null);
        return (body.Id ?? 0, problem);
    }

    private async ValueTask<(PersonBody Body, Idempotency? Idempotency, Problem? Problem)> ReadBodyAsync(HttpContext context, string? idempotencyKey)
    {
        var body = new PersonBody();
        if (!ContentTypes.IsJson(context.Request.ContentType ?? ContentTypes.Json))
            return (body, null, Problems.UnsupportedMediaType("Send JSON, with the header Content-Type: application/json."));
        using var received = await bodies.ReadAsync(context, options.ValueBytesMax);
        var problem = received.Problem ?? PersonBody.TryParse(received.Bytes, out body);
        return (body, IdempotencyHeader.For(context, options, idempotencyKey, received.Bytes), problem);
    }

    private static Key KeyOf(long id) => Key.Parse(string.Create(CultureInfo.InvariantCulture, $"person/{id}"));
}
