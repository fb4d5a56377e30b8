using System.Globalization;
using KvStore.Storage;

namespace KvStore.Server;

/// <summary>Everything that <c>/metrics</c> tells. Thread-safe.</summary>
internal sealed class ServiceMetrics(Store store, Engine engine, KvStoreOptions options, ServiceClock clock, RequestMetrics requests)
{
    /// <summary>The values of now.</summary>
    public string Read()
    {
        var text = new MetricsText();
        WriteStore(text);
        if (engine.Disk is { } disk)
            WriteLog(text, disk.Status);
        WriteRequests(text);
        WriteProcess(text);
        return text.ToString();
    }

    private void WriteStore(MetricsText text)
    {
        text.Begin("kvstore_info", "gauge", "What runs; always 1.");
        text.Sample("kvstore_info", $"{MetricsText.Label("version", ServiceRunner.Version)},{MetricsText.Label("engine", options.Engine)}", 1);
        var snapshot = store.Latest;
        text.Gauge("kvstore_running", "Whether reads and writes are admitted.", store.State == StoreState.Running);
        text.Gauge("kvstore_revision", "The revision of the last commit.", snapshot.Revision);
        text.Gauge("kvstore_oldest_revision", "The oldest revision that can be read.", Math.Min(store.OldestRevision, snapshot.Revision));
        text.Gauge("kvstore_keys", "Entries.", snapshot.Count);
        text.Gauge("kvstore_bytes", "Bytes of all keys and values.", snapshot.Bytes);
        text.Gauge("kvstore_queue_operations", "Writes that wait to be committed.", store.QueuedOperations);
        text.Gauge("kvstore_queue_operations_max", "Writes that may wait; one more is answered with 429.", store.Options.QueueOperationsMax);
        text.Gauge("kvstore_queue_bytes", "Bytes of keys and values that wait or are being committed.", store.QueuedBytes);
        text.Gauge("kvstore_queue_bytes_max", "Bytes that may wait; a write above that is answered with 429.", store.Options.QueueBytesMax);
        text.Gauge("kvstore_watchers", "Clients that watch, or wait for a change.", store.Watchers);
        text.Gauge("kvstore_watchers_max", "Clients that may; one more is answered with 429.", store.Options.WatchersMax);
    }

    private static void WriteLog(MetricsText text, DiskLogStatus log)
    {
        text.Gauge("kvstore_log_open", "Whether the log on disk takes writes.", log.Phase == DiskLogPhase.Open);
        text.Gauge("kvstore_log_has_no_space", "Whether the last write was refused because the disk is full.", log.HasNoSpace);
        text.Gauge("kvstore_log_flushed_revision", "The last revision that is known to be on the disk.", log.FlushedRevision);
        text.Gauge("kvstore_log_segments", "Files of the log.", log.Segments);
        text.Gauge("kvstore_log_bytes", "Bytes of the log's files, without the checkpoint.", log.LogBytes);
        text.Gauge("kvstore_checkpoint_revision", "The revision whose entries the newest checkpoint holds; 0 when there is none.", log.CheckpointRevision);
        text.Gauge("kvstore_checkpoint_bytes", "Bytes of the newest checkpoint.", log.CheckpointBytes);
        text.Gauge("kvstore_checkpoint_running", "Whether a newer checkpoint is being written.", log.CheckpointRuns);
    }

    private void WriteRequests(MetricsText text)
    {
        const string Count = "kvstore_http_requests_total";
        const string Duration = "kvstore_http_request_duration_seconds";
        var operations = requests.Operations;
        text.Begin(Count, "counter", "Requests that were answered.");
        foreach (var operation in operations)
        {
            foreach (var (status, count) in operation.CountByStatus())
                text.Sample(Count, $"{LabelOf(operation)},{MetricsText.Label("status", $"{status}")}", count);
        }

        text.Begin(Duration, "histogram", "How long they took, without those that wait because their client wants it.");
        foreach (var operation in operations)
        {
            var sum = 0L;
            var counts = operation.CountByTime();
            for (var i = 0; i < counts.Length; i++)
            {
                var bound = i < RequestMetrics.BucketSeconds.Count ? RequestMetrics.BucketSeconds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
                text.Sample(Duration + "_bucket", $"{LabelOf(operation)},{MetricsText.Label("le", bound)}", sum += counts[i]);
            }

            text.Sample(Duration + "_sum", LabelOf(operation), requests.Seconds(operation.Ticks()));
            text.Sample(Duration + "_count", LabelOf(operation), sum);
        }
    }

    // By the names that Prometheus' own libraries use.
    private void WriteProcess(MetricsText text)
    {
        text.Gauge("process_start_time_seconds", "When the service started, in seconds since 1970.", clock.StartedAt.ToUnixTimeMilliseconds() / 1000.0);
        text.Counter("process_cpu_seconds_total", "Processor time.", Environment.CpuUsage.TotalTime.TotalSeconds);
        text.Gauge("process_resident_memory_bytes", "Memory of the process.", Environment.WorkingSet);
        text.Gauge("dotnet_gc_heap_size_bytes", "Bytes of objects, used or not collected yet.", GC.GetTotalMemory(forceFullCollection: false));
        text.Counter("dotnet_gc_allocated_bytes_total", "Bytes that were allocated.", GC.GetTotalAllocatedBytes());
        text.Counter("dotnet_gc_pause_seconds_total", "How long collections have kept everything waiting.", GC.GetTotalPauseDuration().TotalSeconds);
        text.Begin("dotnet_gc_collections_total", "counter", "Collections, by the oldest generation that they were of.");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
            text.Sample("dotnet_gc_collections_total", MetricsText.Label("generation", $"{generation}"), CollectionsOf(generation));
        text.Gauge("dotnet_threadpool_threads", "Threads of the pool.", ThreadPool.ThreadCount);
        text.Gauge("dotnet_threadpool_queue_length", "Work that waits for a thread of the pool.", ThreadPool.PendingWorkItemCount);
    }

    // The runtime counts a collection of a generation as one of every younger one, too.
    private static int CollectionsOf(int generation) =>
        GC.CollectionCount(generation) - (generation < GC.MaxGeneration ? GC.CollectionCount(generation + 1) : 0);

    private static string LabelOf(OperationMetrics operation) => MetricsText.Label("operation", operation.Name);
}
