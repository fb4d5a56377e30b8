using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;
using Serilog.Formatting.Json;

namespace KvStore.Server;

/// <summary>
/// A log event as a JSON object on one line: timestamp, level, message, exception, and <c>properties</c> with the arguments of the
/// message. Serilog's own formatter would add the template and quote strings in the message.
/// </summary>
internal sealed class JsonLines : ITextFormatter
{
    private static readonly MessageTemplateTextFormatter Message = new("{Message:lj}", CultureInfo.InvariantCulture);
    private static readonly JsonValueFormatter Value = new();

    public void Format(LogEvent logEvent, TextWriter output)
    {
        output.Write("{\"timestamp\":\"");
        output.Write(logEvent.Timestamp.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        output.Write("\",\"level\":\"");
        output.Write(logEvent.Level);
        output.Write("\",\"message\":");
        using var message = new StringWriter(CultureInfo.InvariantCulture);
        Message.Format(logEvent, message);
        JsonValueFormatter.WriteQuotedJsonString(message.ToString(), output);
        if (logEvent.Exception is { } exception)
        {
            output.Write(",\"exception\":");
            JsonValueFormatter.WriteQuotedJsonString(exception.ToString(), output);
        }

        output.Write(",\"properties\":{");
        var separator = "";
        foreach (var (name, value) in logEvent.Properties)
        {
            output.Write(separator);
            JsonValueFormatter.WriteQuotedJsonString(name, output);
            output.Write(':');
            Value.Format(value, output);
            separator = ",";
        }

        // The span in which the line was written, if the service makes spans.
        if (logEvent is { TraceId: { } trace, SpanId: { } span })
            output.Write($"{separator}\"TraceId\":\"{trace.ToHexString()}\",\"SpanId\":\"{span.ToHexString()}\"");
        output.Write("}}\n");
    }
}
