using System.Globalization;
using BenchmarkDotNet.Running;

namespace KvStore.Benchmarks;

/// <summary>
/// <c>quick [entries] [rounds] [shapes] [collections]</c> compares the indexes within minutes; <c>log [entries] [directory]</c> measures the
/// log on the disk of that directory; everything else goes to BenchmarkDotNet,
/// for example <c>--filter *Get*</c>.
/// </summary>
internal static class Program
{
    private static async Task Main(string[] args)
    {
        if (args is ["log", ..])
        {
            await LogQuick.RunAsync(
                entries: args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1_000_000,
                directory: args.Length > 2 ? args[2] : Environment.CurrentDirectory);
            return;
        }

        if (args is not ["quick", ..])
        {
            BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
            return;
        }

        Quick.Run(
            entries: args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1_000_000,
            rounds: args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 3,
            shapes: args.Length > 3 ? args[3].Split(',') : KeyShapes.Names,
            () => [.. Contender.All().Where(contender => args.Length <= 4 || args[4].Split(',').Contains(contender.Name))]);
    }
}
