using System.Globalization;

namespace KvStore.SystemTests;

/// <summary>Randomness that can be had again: the seed is printed, and <c>KVSTORE_TEST_SEED</c> sets it.</summary>
internal static class Seeds
{
    public static Random NewRandom()
    {
        var seed = Environment.GetEnvironmentVariable("KVSTORE_TEST_SEED") is { Length: > 0 } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"KVSTORE_TEST_SEED={seed}");
        return new Random(seed);
    }
}
