namespace KvStore.Fuzz;

internal enum StepKind
{
    /// <summary>Sends <see cref="Step.Bytes"/>.</summary>
    Send,

    /// <summary>Waits for <see cref="Step.Number"/> milliseconds.</summary>
    Pause,

    /// <summary>Reads <see cref="Step.Number"/> answers.</summary>
    Answers,

    /// <summary>Reads the status and the headers of an answer.</summary>
    Head,

    /// <summary>Reads what comes for a moment, ends sending, and reads all answers to the end of the connection.</summary>
    Rest,

    /// <summary>Reads HTTP/2 frames for <see cref="Step.Number"/> milliseconds, or until the connection ends.</summary>
    Frames,

    /// <summary>Ends sending; answers can still be read.</summary>
    End,

    /// <summary>Resets the connection.</summary>
    Reset,

    /// <summary>Keeps the connection open without reading, while other cases run.</summary>
    Hold,
}

internal readonly record struct Step(StepKind Kind, ReadOnlyMemory<byte> Bytes = default, int Number = 0);

/// <summary>What is done on one connection.</summary>
/// <param name="Number">Its number in the run: with the seed, it determines the case.</param>
/// <param name="Requests">What the answers that are read belong to, in order; empty if the case was not made from requests.</param>
internal sealed record FuzzCase(long Number, string Kind, IReadOnlyList<Step> Steps, IReadOnlyList<FuzzRequest> Requests)
{
    /// <summary>How many requests are sent, for counting.</summary>
    public int RequestCount { get; init; } = Math.Max(1, Requests.Count);

    public long SentBytes => Steps.Sum(step => (long)step.Bytes.Length);

    /// <summary>Sends requests at once and reads their answers.</summary>
    public static FuzzCase Pipeline(long number, string kind, IReadOnlyList<FuzzRequest> requests) =>
        new(number, kind, [new Step(StepKind.Send, Join(requests)), requests[^1].BreaksHttp ? new Step(StepKind.Rest) : new Step(StepKind.Answers, Number: requests.Count)], requests);

    /// <summary>Sends requests and then does something other than reading their answers.</summary>
    public static FuzzCase Unanswered(long number, string kind, IReadOnlyList<FuzzRequest> requests, params Step[] then) =>
        new(number, kind, [new Step(StepKind.Send, Join(requests)), .. then], []) { RequestCount = requests.Count };

    public static ReadOnlyMemory<byte> Join(IReadOnlyList<FuzzRequest> requests)
    {
        if (requests.Count == 1)
            return requests[0].Bytes;
        var joined = new byte[requests.Sum(request => request.Bytes.Length)];
        var at = 0;
        foreach (var request in requests)
        {
            request.Bytes.CopyTo(joined.AsMemory(at));
            at += request.Bytes.Length;
        }

        return joined;
    }
}
