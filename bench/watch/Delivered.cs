using System.Globalization;

namespace KvStore.WatchLoad;

/// <summary>What watchers received in some time.</summary>
internal sealed class Delivered
{
    /// <summary>The times from write to reader, of the watchers that read.</summary>
    public Histogram Times { get; } = new();

    public long BytesRead { get; set; }

    public long BytesDropped { get; set; }

    public long Receives { get; set; }

    /// <summary>The processor time of the thread that receives.</summary>
    public TimeSpan ReaderTime { get; set; }

    /// <summary>Events of all watchers: those that were read are counted, the others have as many bytes each.</summary>
    public double Events => BytesRead == 0 ? 0 : Times.Count * (1 + ((double)BytesDropped / BytesRead));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Events:F0} deliveries in {Receives} receives of {(BytesRead + BytesDropped) / 1024.0 / Math.Max(1, Receives):F1} KiB: {Times.Describe()}");
}
