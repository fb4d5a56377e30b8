using System.Globalization;
using Xunit.Sdk;

namespace KvStore.Testing;

/// <summary>The seed of a randomized test. It is printed; KVSTORE_TEST_SEED sets it to repeat a failure.</summary>
internal static class Seed
{
    private const string Variable = "KVSTORE_TEST_SEED";

    private static string? Given => Environment.GetEnvironmentVariable(Variable);

    public static Random NewRandom() => new(Next());

    /// <summary>Runs sequences, each with a seed of its own that its failure names. A given seed runs once.</summary>
    public static async Task ForEachAsync(int sequences, Func<int, Task> sequence)
    {
        var first = Next();
        for (var i = 0; i < (Given is { Length: > 0 } ? 1 : sequences); i++)
        {
            var seed = unchecked(first + i);
            try
            {
                await sequence(seed);
            }
            catch (Exception exception)
            {
                throw new XunitException($"Sequence {i} failed; repeat it with {Variable}={seed}. {exception.Message}", exception);
            }
        }
    }

    private static int Next()
    {
        var seed = Given is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"{Variable}={seed}");
        return seed;
    }
}
