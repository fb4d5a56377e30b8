using System.Text.Json;

namespace KvStore.Fuzz;

/// <summary>The command that runs attacks and prints a table.</summary>
internal static class AttackCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static async Task<int> RunAsync(CommandLine line)
    {
        var program = ServiceCommand.Start(line).Program;
        var time = line.Seconds("seconds", TimeSpan.FromSeconds(10));
        var only = line.Text("only")?.Split(',');
        var json = line.Text("json");
        line.ExpectNoMore();
        var results = new List<AttackResult>();
        await Console.Out.WriteLineAsync(AttackResult.Header);
        foreach (var attack in AttackRun.All.Where(attack => only is null || only.Contains(attack.Name)))
        {
            var result = await AttackRun.RunAsync(attack, program, time);
            results.Add(result);
            await Console.Out.WriteLineAsync(result.ToRow());
        }

        if (json is not null)
            await File.WriteAllTextAsync(json, JsonSerializer.Serialize(results, Indented));
        return results.Count > 0 && results.TrueForAll(result => result.Fault is null) ? 0 : 1;
    }
}
