using System.Text.Json;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace KvStore.Server.Tests;

public sealed class JsonLinesTests
{
    [Fact]
    public void Format_Event_IsOneLineOfJson()
    {
        using var output = new StringWriter();
        using (var logger = new LoggerConfiguration().WriteTo.Sink(new Sink(output)).CreateLogger())
            logger.ForContext("SourceContext", "Here").Error(new InvalidOperationException("a\n\"b\""), "Path {Path} took {Milliseconds} ms, {List}", "/ä\u001b[2J\n", 1.5, new List<int> { 1, 2 });

        var text = output.ToString();
        Assert.Equal(text.Length - 1, text.IndexOf('\n', StringComparison.Ordinal));
        using var line = JsonDocument.Parse(text);
        var root = line.RootElement;
        Assert.Equal("Error", root.GetProperty("level").GetString());
        Assert.Equal("Path /ä\u001b[2J\n took 1.5 ms, [1,2]", root.GetProperty("message").GetString());
        Assert.StartsWith("System.InvalidOperationException: a\n\"b\"", root.GetProperty("exception").GetString(), StringComparison.Ordinal);
        Assert.Equal(1.5, root.GetProperty("properties").GetProperty("Milliseconds").GetDouble());
        Assert.Equal("Here", root.GetProperty("properties").GetProperty("SourceContext").GetString());
        Assert.InRange(root.GetProperty("timestamp").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
    }

    private sealed class Sink(TextWriter output) : ILogEventSink
    {
        public void Emit(LogEvent logEvent) => new JsonLines().Format(logEvent, output);
    }
}
