using KvStore.Fuzz;

const string Usage = """
    Usage: KvStore.Fuzz [fuzz | replay | attacks | overload | crowd] [options]

      fuzz     random requests, valid and mutated, and sequences of valid requests that amplify; the default
      attacks  scripted attacks, each on a process of its own beside a well-behaved client; prints a table
      overload the capacity of a service, ten times as many clients, and the time after
      crowd    a well-behaved client alone and beside thousands of watchers, long polls, slow readers, slow writers and idle connections
      replay   one case from a file, as the fuzzer printed it: replay --case FILE

    The service: --server PATH starts it (a program or a .dll), with a heap limit of 1.5 GiB and data in a temporary directory;
    --address URL [--pid ID] uses one that runs. Without either, the service that was built together with this program is started.

    fuzz:     --requests 100000  --seed N  --connections 48  --theme NAME  --sequences true|false
           --rss-max-mib N  --stall-max SECONDS  --output-max-kib N  --answer-max SECONDS
    attacks:  --seconds 10  --only NAME,NAME  --json FILE
    overload: --connections 2000  --saturating 200  --seconds 30  --value-bytes 1000  --put-percent 50
    crowd:    --seconds 10  --only watchers,long-polls,slow-readers,slow-writers,idle
    """;

try
{
    var line = new CommandLine(args);
    return line.Command switch
    {
        "fuzz" => await FuzzCommand.RunAsync(line),
        "attacks" => await AttackCommand.RunAsync(line),
        "overload" => await OverloadCommand.RunAsync(line),
        "crowd" => await CrowdCommand.RunAsync(line),
        "replay" => await FuzzCommand.ReplayAsync(line),
        _ => throw new FormatException($"There is no command {line.Command}."),
    };
}
catch (FormatException exception)
{
    await Console.Error.WriteLineAsync($"{exception.Message}\n\n{Usage}");
    return 2;
}
