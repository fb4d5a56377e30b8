namespace KvStore.Fuzz;

/// <summary>Mutations of when bytes are sent, and whether answers are read.</summary>
internal static class DeliveryMutations
{
    private const int PiecesMax = 6;
    private const int PauseMilliseconds = 4;

    public static FuzzCase Apply(Material material, long number, IReadOnlyList<FuzzRequest> requests)
    {
        var bytes = FuzzCase.Join(requests);
        switch (material.Random.Next(6))
        {
            case 0 or 1:
                return Dribble(material, number, requests, bytes);
            case 2:
                return CutOff(number, "cut off, then the end", requests, bytes, material, new Step(StepKind.End), new Step(StepKind.Pause, Number: PauseMilliseconds), new Step(StepKind.Reset));
            case 3:
                return CutOff(number, "cut off, then a reset", requests, bytes, material, new Step(StepKind.Reset));
            case 4:
                return CutOff(number, "cut off, then silence", requests, bytes, material, new Step(StepKind.Hold));
            default:
                return FuzzCase.Unanswered(number, "unread", requests, new Step(StepKind.Hold));
        }
    }

    private static FuzzCase Dribble(Material material, long number, IReadOnlyList<FuzzRequest> requests, ReadOnlyMemory<byte> bytes)
    {
        var steps = new List<Step>();
        for (var pieces = material.Random.Next(2, PiecesMax); pieces > 1 && bytes.Length > 1; pieces--)
        {
            var at = material.Random.Next(1, bytes.Length);
            steps.Add(new Step(StepKind.Send, bytes[..at]));
            steps.Add(new Step(StepKind.Pause, Number: material.Random.Next(PauseMilliseconds) + 1));
            bytes = bytes[at..];
        }

        steps.Add(new Step(StepKind.Send, bytes));
        steps.Add(requests[^1].BreaksHttp ? new Step(StepKind.Rest) : new Step(StepKind.Answers, Number: requests.Count));
        return new FuzzCase(number, "dribbled", steps, requests);
    }

    private static FuzzCase CutOff(long number, string kind, IReadOnlyList<FuzzRequest> requests, ReadOnlyMemory<byte> bytes, Material material, params Step[] then) =>
        new(number, kind, [new Step(StepKind.Send, bytes[..material.Random.Next(1, bytes.Length + 1)]), .. then], []) { RequestCount = requests.Count };
}
