using System.Diagnostics.Tracing;
using System.Globalization;

namespace KvStore.Pauses;

/// <summary>
/// Writes a line for each pause of all threads, from the first request to suspend until the last thread has resumed: its end
/// in milliseconds since 1970, its length in microseconds, and the oldest generation that was collected, <c>background</c>
/// for a part of a background collection, or <c>none</c>.
/// </summary>
internal sealed class PauseListener(TextWriter output) : EventListener
{
    private const string RuntimeSource = "Microsoft-Windows-DotNETRuntime";
    private const EventKeywords Collections = (EventKeywords)0x1;
    private const uint BackgroundCollection = 1;
    private const uint ForCollection = 1;
    private const uint ForPartOfBackgroundCollection = 6;

    // The runtime hands its events over one at a time.
    private DateTime _begin;
    private uint _reason;
    private uint? _generation;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == RuntimeSource)
            EnableEvents(eventSource, EventLevel.Informational, Collections);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        switch (eventData.EventName)
        {
            case "GCSuspendEEBegin_V1":
                (_begin, _reason, _generation) = (eventData.TimeStamp, Number(eventData, "Reason"), null);
                break;
            case "GCStart_V2" when Number(eventData, "Type") == BackgroundCollection:
                _reason = ForPartOfBackgroundCollection;
                break;
            case "GCStart_V2":
                _generation = Math.Max(_generation ?? 0, Number(eventData, "Depth"));
                break;
            case "GCRestartEEEnd_V1":
                Write(eventData.TimeStamp);
                break;
        }
    }

    private void Write(DateTime end)
    {
        var kind = _reason switch
        {
            ForPartOfBackgroundCollection => "background",
            ForCollection when _generation is { } generation => generation.ToString(CultureInfo.InvariantCulture),
            _ => "none",
        };
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{new DateTimeOffset(end).ToUnixTimeMilliseconds()} {(end - _begin).TotalMicroseconds:F0} {kind}"));
    }

    private static uint Number(EventWrittenEventArgs eventData, string name) =>
        Convert.ToUInt32(eventData.Payload![eventData.PayloadNames!.IndexOf(name)], CultureInfo.InvariantCulture);
}
