using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace KvStore.Server.Tests;

public sealed class FrameworkLinesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Sink _sink = new();

    [Theory]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel", 20)]
    [InlineData("System.Net.Http", 20)]
    [InlineData("KvStore.Server.Requests", 1000)]
    public void Write_ManyLines_AreCountedIfOfFramework(string source, int written)
    {
        using var lines = new FrameworkLines(_time);
        using var logger = new LoggerConfiguration().Filter.With(lines).WriteTo.Sink(_sink).CreateLogger();
        lines.Output = logger;
        for (var i = 0; i < 1000; i++)
            logger.ForContext(Constants.SourceContextPropertyName, source).Error("Number {Number}", i);
        Assert.Equal(written, _sink.Messages.Count);

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(written < 1000 ? ["980 more lines of the framework in the last 10 s"] : [], _sink.Messages[written..]);
    }

    private sealed class Sink : ILogEventSink
    {
        public List<string> Messages { get; } = [];

        public void Emit(LogEvent logEvent) => Messages.Add(logEvent.RenderMessage(System.Globalization.CultureInfo.InvariantCulture));
    }
}
