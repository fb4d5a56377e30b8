using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace KvStore.Server.Tests;

/// <summary>What can be known of the image without building it.</summary>
public sealed partial class DockerfileTests
{
    private static readonly string[] Instructions = Read(Path.Combine(Repository.Root, "Dockerfile"));

    [Fact]
    public void Copy_EverySource_Exists()
    {
        var allowed = File.ReadAllLines(Path.Combine(Repository.Root, ".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();
        var copies = Instructions.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from=", StringComparison.Ordinal)).ToList();
        Assert.Equal(7, copies.Count);
        foreach (var source in copies.SelectMany(copy => copy.Split(' ')[1..^1]))
        {
            Assert.True(Path.Exists(Path.Combine(Repository.Root, source)), $"{source} does not exist.");
            Assert.Contains(allowed, path => source == path || source.StartsWith(path + "/", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Copy_BeforeRestore_HasEveryProject()
    {
        var restore = Array.FindIndex(Instructions, line => line.Contains("dotnet restore", StringComparison.Ordinal));
        var copied = string.Join(' ', Instructions[..restore]);
        foreach (var project in ProjectsOf("src/KvStore.Server/KvStore.Server.csproj"))
        {
            Assert.Contains(project, copied, StringComparison.Ordinal);
            Assert.Contains(Path.GetDirectoryName(project) + "/packages.lock.json", copied, StringComparison.Ordinal);
        }

        Assert.Contains("--locked-mode", Instructions[restore], StringComparison.Ordinal);
    }

    [Fact]
    public void Image_Running_NeedsNoShellOrRoot()
    {
        Assert.Contains(Instructions, line => UserByNumber().IsMatch(line));
        Assert.Contains("EXPOSE 8080", Instructions);
        Assert.Contains("VOLUME /data", Instructions);
        Assert.Contains("STOPSIGNAL SIGTERM", Instructions);
        var final = Array.FindLastIndex(Instructions, line => line.StartsWith("FROM ", StringComparison.Ordinal));
        Assert.DoesNotContain(Instructions[final..], line => line.StartsWith("RUN ", StringComparison.Ordinal));
        var environment = Instructions[final..].Single(line => line.StartsWith("ENV ", StringComparison.Ordinal));
        Assert.Contains("ASPNETCORE_HTTP_PORTS=8080", environment, StringComparison.Ordinal);
        Assert.Contains("KvStore__Data=/data", environment, StringComparison.Ordinal);

        Assert.Equal(["dotnet", "/app/KvStore.Server.dll"], CommandOf("ENTRYPOINT "));
        Assert.Equal(["dotnet", "/app/KvStore.Server.dll", "healthcheck"], CommandOf(" CMD "));
    }

    private static string[] CommandOf(string instruction)
    {
        var line = Instructions.Single(line => line.Contains(instruction, StringComparison.Ordinal));
        return JsonSerializer.Deserialize<string[]>(line[line.IndexOf('[', StringComparison.Ordinal)..])!;
    }

    private static IEnumerable<string> ProjectsOf(string project)
    {
        yield return project;
        foreach (var reference in XDocument.Load(Path.Combine(Repository.Root, project)).Descendants("ProjectReference"))
        {
            var path = Path.Combine(Path.GetDirectoryName(project)!, reference.Attribute("Include")!.Value.Replace('\\', '/'));
            foreach (var further in ProjectsOf(Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, path)))))
                yield return further;
        }
    }

    private static string[] Read(string file) =>
        [.. File.ReadAllText(file).Replace("\\\n", " ", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => !line.StartsWith('#'))];

    [GeneratedRegex(@"^USER [1-9]\d*$")]
    private static partial Regex UserByNumber();
}
