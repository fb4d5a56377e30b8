using System.Globalization;
using KvStore.WatchLoad;

const string Usage = """
    Usage, on a service that runs already:
      fanout URL WATCHERS WRITES_PER_SECOND SECONDS   how late paced writes reach watchers of their prefix, and what else can be written
      keys   URL WATCHERS WRITES_PER_SECOND SECONDS   the same, with a key for each watcher
      idle   URL WATCHERS PID                         memory of the process PID before and after watchers come that hear of nothing
      stuck  URL SECONDS PID                          memory of PID, and how late another watcher hears, while one never reads
    """;

try
{
    switch (args)
    {
        case ["fanout", var url, var watchers, var rate, var seconds]:
            await Fanout.RunAsync(new Uri(url), Number(watchers), _ => "?prefix=watched/", Number(rate), Number(seconds));
            return 0;
        case ["keys", var url, var watchers, var rate, var seconds]:
            await Fanout.RunAsync(new Uri(url), Number(watchers), number => "?key=watched/" + Load.PacedKey(number), Number(rate), Number(seconds));
            return 0;
        case ["idle", var url, var watchers, var process]:
            await Idle.RunAsync(new Uri(url), Number(watchers), Number(process));
            return 0;
        case ["stuck", var url, var seconds, var process]:
            await Stuck.RunAsync(new Uri(url), Number(seconds), Number(process));
            return 0;
        default:
            await Console.Error.WriteLineAsync(Usage);
            return 2;
    }
}
catch (FormatException)
{
    await Console.Error.WriteLineAsync(Usage);
    return 2;
}

static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
