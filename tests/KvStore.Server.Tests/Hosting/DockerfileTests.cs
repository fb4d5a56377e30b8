using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace KvStore.Server.Tests;

/// <summary>What can be known of the image without building it.</summary>
public sealed partial class DockerfileTests
{
    private static readonly string[] Instructions = Read(Path.Combine(Repository.Root, "Dockerfile"));

    [Fact]
    public void Build_EveryProject_IsInContext()
    {
        Assert.Contains("COPY . .", Instructions);
        Assert.Contains(Instructions, line => line.EndsWith("CI=true ./publish.sh --console /console --without-kv /app", StringComparison.Ordinal));
        var allowed = File.ReadAllLines(Path.Combine(Repository.Root, ".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();
        Assert.All(allowed, path => Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), $"{path} does not exist."));
        Assert.Contains("publish.sh", allowed);
        Assert.Contains("clients/typescript/src", allowed);
        Assert.All(ProjectsOf("src/KvStore.Server/KvStore.Server.csproj"), project => Assert.Contains(allowed, path => project.StartsWith(path + "/", StringComparison.Ordinal)));
    }

    [Fact]
    public void Image_Bases_CanBePinned()
    {
        var bases = Instructions.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]).ToList();
        Assert.Equal(["${NODE_IMAGE}", "${SDK_IMAGE}", "${RUNTIME_IMAGE}"], bases);
        Assert.Contains(Instructions, line => line.StartsWith("ARG NODE_IMAGE=docker.io/library/node:", StringComparison.Ordinal));
        Assert.All(bases[1..], name => Assert.Contains(Instructions, line => line.StartsWith($"ARG {name[2..^1]}=mcr.microsoft.com/dotnet/", StringComparison.Ordinal)));
        Assert.DoesNotContain(Instructions, line => line.StartsWith("ARG RUNTIME_IMAGE", StringComparison.Ordinal) && line.Contains("aspnet", StringComparison.Ordinal));
    }

    [Fact]
    public void Image_Labels_NameTheVersion()
    {
        var version = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("Version").Single().Value;
        Assert.Contains($"ARG VERSION={version}", Instructions);
        Assert.Contains("org.opencontainers.image.version=\"${VERSION}\"", Instructions.Single(line => line.StartsWith("LABEL ", StringComparison.Ordinal)), StringComparison.Ordinal);
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
        Assert.Contains("KvStore__DrainTime=5s", environment, StringComparison.Ordinal);

        Assert.Equal(["/app/KvStore.Server"], CommandOf("ENTRYPOINT "));
        Assert.Equal(["/app/KvStore.Server", "healthcheck"], CommandOf(" CMD "));
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
