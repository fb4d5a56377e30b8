using System.Globalization;
using KvStore.SurfaceLimit;

// poll CONTENDER PORT PAIRS SECONDS: the load of long polls. lines ENTRIES: the lines of an import. Anything else: the limit, with the arguments of any web application.
if (args is ["poll", var contender, var port, var pairs, var seconds])
{
    Console.WriteLine(await PollLoad.RunAsync(contender, Number(port), Number(pairs), TimeSpan.FromSeconds(Number(seconds))));
    return;
}

if (args is ["lines", var entries])
{
    using var output = Console.OpenStandardOutput();
    LimitEntries.WriteImport(output, Number(entries));
    return;
}

await LimitApplication.Create(args).RunAsync();

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
