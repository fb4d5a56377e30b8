namespace KvStore.Server;

/// <summary>Everything that <c>/metrics</c> reports. Thread-safe.</summary>
internal sealed class ServiceMetrics(ServiceStatusReader reader, KvStoreOptions options, ServiceClock clock, RequestMetrics requests)
{
    public string Read()
    {
        var text = new MetricsText();
        WriteStore(text);
        WriteRequests(text);
        WriteProcess(text);
        return text.ToString();
    }

    private void WriteStore(MetricsText text)
    {
        text.Begin("kvstore_info", "gauge", "The build that runs; always 1.");
        text.Sample("kvstore_info", $"{MetricsText.Label("version", ServiceVersion.Text)},{MetricsText.Label("engine", options.Engine)}", 1);
        var status = reader.Read();
        if (status.StoreId is { } id)
        {
            text.Begin("kvstore_store_info", "gauge", "The store that is served; always 1.");
            text.Sample("kvstore_store_info", MetricsText.Label("store_id", $"{id}"), 1);
        }

        StatusField.WriteMetrics(text, StatusFields.All, status);
        WriteMemory(text, status.Memory);
    }

    private static void WriteMemory(MetricsText text, MemoryBudget memory)
    {
        Write("kvstore_memory_bytes", "gauge", "Bytes of the heap that are charged to an account.", account => account.Bytes);
        Write("kvstore_memory_bytes_max", "gauge", "Bytes that may be charged to an account.", account => account.BytesMax);
        Write("kvstore_memory_refusals_total", "counter", "How often something did not fit into an account.", account => account.Refusals);

        void Write(string name, string type, string help, Func<MemoryAccount, long> value)
        {
            text.Begin(name, type, help);
            foreach (var account in memory.All)
                text.Sample(name, MetricsText.Label("account", account.Name), value(account));
        }
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

        text.Begin(Duration, "histogram", "How long requests took, except those whose client chose to wait.");
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

    // The names are those of Prometheus' own libraries.
    private void WriteProcess(MetricsText text)
    {
        text.Gauge("process_start_time_seconds", "When the service started, in seconds since 1970.", clock.StartedAt.ToUnixTimeMilliseconds() / 1000.0);
        text.Counter("process_cpu_seconds_total", "Processor time.", Environment.CpuUsage.TotalTime.TotalSeconds);
        text.Gauge("process_resident_memory_bytes", "Memory of the process.", Environment.WorkingSet);
        text.Gauge("dotnet_gc_heap_size_bytes", "Bytes of live objects and of garbage that is not collected yet.", GC.GetTotalMemory(forceFullCollection: false));
        text.Counter("dotnet_gc_allocated_bytes_total", "Bytes that were allocated.", GC.GetTotalAllocatedBytes());
        text.Counter("dotnet_gc_pause_seconds_total", "How long collections have paused the process.", GC.GetTotalPauseDuration().TotalSeconds);
        text.Begin("dotnet_gc_collections_total", "counter", "Collections, by the oldest generation collected.");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
            text.Sample("dotnet_gc_collections_total", MetricsText.Label("generation", $"{generation}"), CollectionsOf(generation));
        text.Gauge("dotnet_threadpool_threads", "Threads of the pool.", ThreadPool.ThreadCount);
        text.Gauge("dotnet_threadpool_queue_length", "Work items that wait for a thread of the pool.", ThreadPool.PendingWorkItemCount);
    }

    // The runtime also counts a collection of a generation for every younger one.
    private static int CollectionsOf(int generation) =>
        GC.CollectionCount(generation) - (generation < GC.MaxGeneration ? GC.CollectionCount(generation + 1) : 0);

    private static string LabelOf(OperationMetrics operation) => MetricsText.Label("operation", operation.Name);
}
