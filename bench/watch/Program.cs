using System.Diagnostics;
using System.Globalization;
using KvStore.WatchLoad;

const int LimitPort = 18719;

const string Usage = """
    Usage, on a service that runs already, whose process is PID:
      fanout URL PID WATCHERS WRITES_PER_SECOND SECONDS ROUNDS   how late paced writes reach watchers of their prefix, and what else can be written
      keys   URL PID WATCHERS WRITES_PER_SECOND SECONDS ROUNDS   the same, with a key for each watcher
      limit  URL sockets|kestrel WAIT_MS WATCHERS WRITES_PER_SECOND SECONDS ROUNDS   fanout, but another program sends to the watchers, and does nothing else
      idle   URL WATCHERS PID                         memory of the process PID before and after watchers come that hear of nothing
      stuck  URL SECONDS PID                          memory of PID, and how late another watcher hears, while one never reads
    """;

try
{
    switch (args)
    {
        case ["fanout", var url, var process, var watchers, var rate, var seconds, var rounds]:
            await RunAsync(url, Process.GetProcessById(Number(process)), url, watchers, _ => "?prefix=watched/", rate, seconds, rounds);
            return 0;
        case ["keys", var url, var process, var watchers, var rate, var seconds, var rounds]:
            await RunAsync(url, Process.GetProcessById(Number(process)), url, watchers, number => "?key=watched/" + Load.PacedKey(number), rate, seconds, rounds);
            return 0;
        case ["limit", var url, var by and ("sockets" or "kestrel"), var wait, var watchers, var rate, var seconds, var rounds]:
            using (var sender = Process.Start(Environment.ProcessPath!, [.. OwnArguments(), "send", by, wait, rate]))
            {
                await Task.Delay(TimeSpan.FromSeconds(2));
                await RunAsync(url, sender, $"http://127.0.0.1:{LimitPort}", watchers, _ => "", rate, seconds, rounds);
                sender.Kill();
            }

            return 0;
        case ["send", var by, var wait, var rate]:
            await Limit.RunAsync(by == "kestrel", LimitPort, Number(rate), TimeSpan.FromMilliseconds(Number(wait)));
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

static Task RunAsync(string url, Process sender, string watchUrl, string watchers, Func<int, string> query, string rate, string seconds, string rounds) =>
    new Fanout(new Uri(url), sender, new Uri(watchUrl), Number(watchers), query, Number(rate), TimeSpan.FromSeconds(Number(seconds)), Number(rounds)).RunAsync();

// "dotnet bench.dll" runs the program by its library, and an executable by itself.
static string[] OwnArguments() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
