using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace KvStore.Crdt.Tests;

/// <summary>
/// Random histories: FsCheck makes their bytes, prints its seed if one fails, and shrinks that one. KVSTORE_TEST_HISTORIES says how many,
/// KVSTORE_TEST_REPLAY repeats a run: "seed,gamma,size", as FsCheck prints it.
/// </summary>
internal static class Histories
{
    private const int StepBytes = 4;

    public static void Check(int count, Action<byte[]> run)
    {
        var configuration = Config.QuickThrowOnFailure
            .WithMaxTest(int.TryParse(Environment.GetEnvironmentVariable("KVSTORE_TEST_HISTORIES"), CultureInfo.InvariantCulture, out var given) ? given : count)
            .WithStartSize(StepBytes * 4).WithEndSize(StepBytes * 120);
        if (Environment.GetEnvironmentVariable("KVSTORE_TEST_REPLAY")?.Split(',') is [var seed, var gamma, var size])
        {
            configuration = configuration.WithReplay(
                ulong.Parse(seed, CultureInfo.InvariantCulture), ulong.Parse(gamma, CultureInfo.InvariantCulture), int.Parse(size, CultureInfo.InvariantCulture));
        }

        FsCheck.Check.One(configuration, Prop.ForAll<byte[]>(ArbMap.Default.ArbFor<byte[]>(), run));
    }

    /// <summary>The steps of a history, four bytes each.</summary>
    public static IEnumerable<(byte Kind, byte Who, byte A, byte B)> Steps(byte[] history) =>
        history.Chunk(StepBytes).Where(step => step.Length == StepBytes).Select(step => (step[0], step[1], step[2], step[3]));
}
