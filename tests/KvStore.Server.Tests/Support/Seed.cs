using System.Globalization;

namespace KvStore.Server.Tests;

/// <summary>Random numbers that can be had again: the seed is printed, and KVSTORE_TEST_SEED sets it.</summary>
internal static class Seed
{
    public static Random Next()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("KVSTORE_TEST_SEED"), CultureInfo.InvariantCulture, out var given)
            ? given
            : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"KVSTORE_TEST_SEED={seed}");
        return new Random(seed);
    }
}
