using System.Globalization;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>
/// Makes the case with a given number: the same one for the same seed. For some thousands of cases at a time one kind of sequence is
/// frequent, because what one client may do at no cost may be too much when many do.
/// </summary>
internal sealed class CaseGenerator(int seed, Landmarks landmarks, string? theme, bool isAmplified, Acknowledged acknowledged)
{
    private const int CasesPerTheme = 2000;
    private const int PipelineMax = 12;
    private const int ThemeRarity = 12;
    private const int OtherSequenceRarity = 300;
    private const int FocusedThemeRarity = 2;
    private const int DeliveryRarity = 25;
    private const int FramesRarity = 40;
    private const int CheckRarity = 3;

    // The golden ratio in 64 bits: neighbouring numbers become seeds that have nothing in common.
    private const ulong Spread = 0x9E3779B97F4A7C15;

    public FuzzCase Next(long number)
    {
        var random = new Random(unchecked((int)(((ulong)number * Spread) >> 33) ^ seed));
        var material = new Material(random, landmarks);
        if (SequenceOf(material, number) is { } sequence)
            return sequence.Make(material, number);
        if (material.Once(FramesRarity))
            return Http2Cases.Next(material, number);
        var requests = Pipeline(material);
        if (requests[^1].IsStream)
            return FuzzCase.Unanswered(number, "watch", requests, new Step(StepKind.Hold));
        if (material.Once(DeliveryRarity))
            return DeliveryMutations.Apply(material, number, requests);
        if (!requests[^1].BreaksHttp && material.Once(CheckRarity))
            AddChecks(requests, number);
        return FuzzCase.Pipeline(number, "requests", requests);
    }

    /// <summary>The kind of sequence that is frequent around a case.</summary>
    public string ThemeOf(long number)
    {
        if (theme is not null)
            return theme;
        var random = new Random(unchecked(seed + (int)(number / CasesPerTheme)));
        return Sequence.All[random.Next(Sequence.All.Length)].Name;
    }

    private Sequence? SequenceOf(Material material, long number)
    {
        if (!isAmplified)
            return null;
        if (material.Once(theme is null ? ThemeRarity : FocusedThemeRarity))
            return Sequence.All.Single(sequence => sequence.Name == ThemeOf(number));
        return theme is null && material.Once(OtherSequenceRarity) ? material.Of(Sequence.All) : null;
    }

    private static List<FuzzRequest> Pipeline(Material material)
    {
        var requests = new List<FuzzRequest>();
        for (var i = material.Random.Next(PipelineMax) + 1; i > 0; i--)
        {
            var request = Mutator.Next(material);
            requests.Add(request);
            if (request.BreaksHttp || request.IsStream)
                return requests;
        }

        return requests;
    }

    // A value that this case writes and reads, and one that was acknowledged some thousand cases ago.
    private void AddChecks(List<FuzzRequest> requests, long number)
    {
        var (slot, value) = (Acknowledged.SlotOf(number), ValueOf(number));

        // Until the answer has been read, the value may be either.
        acknowledged.Set(slot, null);
        requests.Add(Exact("PUT", Texts.Put(Acknowledged.KeyOf(slot), value)) with
        {
            Check = answer =>
            {
                acknowledged.Set(slot, answer.IsSuccess ? value : null);
                return null;
            },
        });
        requests.Add(Read(slot));
        requests.Add(Read(Acknowledged.SlotOf(number - Acknowledged.Age)));
    }

    private FuzzRequest Read(int slot) => Exact("GET", Texts.Get("/v1/kv/" + Acknowledged.KeyOf(slot))) with
    {
        Check = answer => acknowledged.Get(slot) is { } value && answer.Status < 429 && (answer.Status != 200 || Encoding.Latin1.GetString(answer.Body) != value)
            ? $"an acknowledged write is lost: {value} was written, {answer} was read"
            : null,
    };

    private static FuzzRequest Exact(string method, string text) => Sequence.Request(method, "/v1/kv/{key}", text);

    private string ValueOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{seed}/{number}");
}
