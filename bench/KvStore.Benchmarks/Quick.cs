using System.Globalization;

namespace KvStore.Benchmarks;

/// <summary>
/// All contenders in one process, interleaved, over several rounds: compare the ratios of the medians, because the speed of a
/// shared machine changes from minute to minute. Measures processor time, which other processes disturb less.
/// </summary>
internal static class Quick
{
    private const int Batch = 256;

    private static readonly (string Name, string Meaning)[] Measures =
    [
        ("load", "filled once with entries in key order"),
        ("get", "found, in a loop: the processor works on several lookups at once, as far as they are short enough"),
        ("get+use", "found, and the entry read before the next lookup begins, as between two requests"),
        ("get miss", "not found"),
        ("set", "entries that were made before, for keys that are there"),
        ("put", "an entry made, and put in for a key that is there"),
        ("insert", "entries that were made before, for new keys"),
        ("scan", "all references to entries, in key order where there is one"),
        ("scan+use", "all entries read"),
    ];

    public static void Run(int entries, int rounds, string[] shapes, Func<List<Contender>> contenders)
    {
        Console.WriteLine($"{entries:N0} entries, batches of {Batch}, medians of {rounds} rounds, nanoseconds of processor time (collector included) per operation,");
        Console.WriteLine($"in brackets the ratio to {contenders()[0].Name}; {(System.Runtime.GCSettings.IsServerGC ? "server" : "workstation")} GC; B/entry is the collection, with the keys where it holds them beside the entries.");
        foreach (var (name, meaning) in Measures)
            Console.WriteLine($"  {name}: {meaning}");
        foreach (var shape in shapes)
            new Shape(shape, entries, contenders()).Run(rounds);
    }

    private sealed class Shape
    {
        private readonly List<Contender> _contenders;
        private readonly string _name;
        private readonly Entry[] _sorted;
        private readonly Entry[] _replacing;
        private readonly Entry[] _added;
        private readonly Key[] _lookups;
        private readonly Key[] _missing;
        private readonly double _entryBytes;

        public Shape(string name, int count, List<Contender> contenders)
        {
            _contenders = contenders;
            _name = name;
            var operations = Math.Min(count, 200_000);
            var keys = KeyShapes.Make(name, count + operations);

            var before = GC.GetTotalMemory(true);
            var entries = Enumerable.Range(0, count).Select(i => Contender.EntryOf(Key.Parse(keys[i].ToString()))).ToArray();
            _entryBytes = (GC.GetTotalMemory(true) - before - 8L * count - entries.Sum(entry => entry.Bytes)) / (double)count;
            _sorted = [.. entries.OrderBy(entry => entry.Key)];
            _added = keys[count..].Select(Contender.EntryOf).ToArray();

            // The requests bring bytes of their own.
            _lookups = [.. new Random(1).GetItems(entries, operations).Select(entry => Key.Parse(entry.Key.ToString()))];
            _missing = [.. _added.Select(entry => Key.Parse(entry.Key.ToString()))];
            _replacing = [.. _lookups.Select(Contender.EntryOf)];
        }

        public void Run(int rounds)
        {
            var times = _contenders.ToDictionary(contender => contender.Name, _ => Measures.ToDictionary(measure => measure.Name, _ => new List<double>()));
            var bytes = _contenders.ToDictionary(contender => contender.Name, contender => Load(contender, times[contender.Name]));

            for (var round = 0; round < rounds + 1; round++)
            {
                foreach (var contender in _contenders)
                    Round(contender, round == 0 ? null : times[contender.Name]);
            }

            Print(bytes, times);
        }

        // Once, because it is the longest; the bytes per entry are what it returns.
        private double Load(Contender contender, Dictionary<string, List<double>> times)
        {
            var before = GC.GetTotalMemory(true);
            times["load"].Add(Measure(_sorted.Length, () => contender.Load(_sorted)));
            return (GC.GetTotalMemory(true) - before) / (double)_sorted.Length;
        }

        private void Round(Contender contender, Dictionary<string, List<double>>? times)
        {
            Time("get", _lookups.Length, () => Find(contender, _lookups, found: true));
            Time("get+use", _lookups.Length, () => Use(contender, _lookups));
            Time("get miss", _missing.Length, () => Find(contender, _missing, found: false));
            GC.Collect();
            Time("set", _replacing.Length, () => Set(contender, _replacing));
            GC.Collect();
            Time("put", _lookups.Length, () => Put(contender, _lookups));
            GC.Collect();
            Time("insert", _added.Length, () => Set(contender, _added));
            contender.Restore(_added);
            GC.Collect();
            Time("scan", _sorted.Length, () => contender.Scan(touch: false));
            Time("scan+use", _sorted.Length, () => contender.Scan(touch: true));

            void Time(string measure, int operations, Action action)
            {
                var time = Measure(operations, action);
                times?[measure].Add(time);
            }
        }

        private static double Measure(int operations, Action action)
        {
            var start = Environment.CpuUsage.TotalTime;
            action();
            return (Environment.CpuUsage.TotalTime - start).TotalNanoseconds / operations;
        }

        private static void Find(Contender contender, Key[] keys, bool found)
        {
            foreach (var key in keys)
            {
                if (contender.Find(key) is null == found)
                    throw new InvalidOperationException($"{contender.Name} is wrong about {key}.");
            }
        }

        // The next key depends on what was read, so one lookup ends before another begins.
        private static void Use(Contender contender, Key[] keys)
        {
            for (var at = 0L; at < keys.Length; at += contender.Find(keys[at])!.Value.Revision)
            {
            }
        }

        private static void Put(Contender contender, Key[] keys)
        {
            var batch = new Entry[Batch];
            for (var at = 0; at < keys.Length; at += Batch)
            {
                var count = Math.Min(Batch, keys.Length - at);
                for (var i = 0; i < count; i++)
                    batch[i] = Contender.EntryOf(keys[at + i]);
                contender.Set(batch.AsSpan(0, count));
            }
        }

        private static void Set(Contender contender, Entry[] entries)
        {
            for (var at = 0; at < entries.Length; at += Batch)
                contender.Set(entries.AsSpan(at, Math.Min(Batch, entries.Length - at)));
        }

        private void Print(Dictionary<string, double> bytes, Dictionary<string, Dictionary<string, List<double>>> times)
        {
            Console.WriteLine();
            Console.WriteLine($"keys: {_name} (for example {_sorted[_sorted.Length / 2].Key}); an entry takes {_entryBytes:F0} B beyond key and value, without the index");
            Console.WriteLine($"| {"",-25} | {string.Join(" | ", Measures.Select(measure => $"{measure.Name,-14}"))} | B/entry |");
            Console.WriteLine($"|{new string('-', 27)}|{string.Concat(Measures.Select(_ => new string('-', 16) + "|"))}---------|");
            foreach (var contender in _contenders)
            {
                var cells = Measures.Select(measure => Cell(
                    Median(times[contender.Name][measure.Name]),
                    Median(times[_contenders[0].Name][measure.Name])));
                Console.WriteLine($"| {contender.Name,-25} | {string.Join(" | ", cells)} | {bytes[contender.Name],7:F1} |");
            }
        }

        private static string Cell(double time, double reference) =>
            string.Create(CultureInfo.InvariantCulture, $"{time,6:F1} ({time / reference:F2}x)").PadRight(14);

        private static double Median(List<double> values)
        {
            values.Sort();
            return values.Count == 0 ? 0 : values[values.Count / 2];
        }
    }
}
