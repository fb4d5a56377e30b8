using System.Globalization;
using BenchmarkDotNet.Running;

namespace KvStore.Benchmarks;

/// <summary>
/// <c>quick [entries] [rounds] [shapes] [collections]</c> compares the indexes within minutes; <c>log [directory]</c> measures writes
/// to a log on the disk of that directory, <c>frames</c> encoding without a disk, <c>records</c> what is stored in etcd, <c>loads [entries] [directory]</c> how long one takes to load, <c>load DIRECTORY</c> loads one; <c>expiry [directory]</c>
/// measures entries with a lifetime, <c>prefix [directory]</c> a deletion of a million entries; everything else goes to BenchmarkDotNet,
/// for example <c>--filter *Get*</c>.
/// </summary>
internal static class Program
{
    private static async Task Main(string[] args)
    {
        switch (args)
        {
            case ["log", ..]:
                await LogQuick.RunAsync(directory: args.Length > 1 ? args[1] : Environment.CurrentDirectory);
                return;
            case ["frames"]:
                FrameQuick.Run();
                return;
            case ["records"]:
                RecordQuick.Run();
                return;
            case ["loads", ..]:
                await LogLoads.RunAsync(
                    entries: args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1_000_000,
                    directory: args.Length > 2 ? args[2] : Environment.CurrentDirectory);
                return;
            case ["expiry", ..]:
                await ExpiryQuick.RunAsync(directory: args.Length > 1 ? args[1] : Environment.CurrentDirectory);
                return;
            case ["prefix", ..]:
                await PrefixQuick.RunAsync(directory: args.Length > 1 ? args[1] : Environment.CurrentDirectory);
                return;
            case ["load", var directory]:
                await LogLoads.LoadAsync(directory);
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
