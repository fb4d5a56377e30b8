using System.Diagnostics.Metrics;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace KvStore.Server;

/// <summary>OpenTelemetry behind .NET's instruments: /metrics for Prometheus, and OTLP when its standard variables name a collector.</summary>
internal static class TelemetrySetup
{
    private const string ServiceName = "kvstore";

    // The runtime's own: processor time, memory, garbage collections, threads.
    private const string RuntimeMeter = "System.Runtime";

    // Prometheus keeps the suffix that their names would get for histograms.
    private static readonly string[] LeftOut = ["dotnet.assembly.count", "dotnet.process.cpu.count", "dotnet.timer.count"];

    // The streams of one metric, for which OpenTelemetry takes memory in advance. One without labels has one; the most have the requests, with an
    // operation, a method and a status each.
    private const int StreamsMax = 500;
    private const int ObservedStreamsMax = 32;

    /// <summary>Collects the instruments of the service and of the runtime.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear().AddService(ServiceName, serviceVersion: ServiceVersion.Text).AddTelemetrySdk().AddEnvironmentVariableDetector())
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(StoreMetrics.MeterName, RuntimeMeter).AddPrometheusExporter(prometheus =>
                {
                    // Every series would repeat the name of the meter, and the target has its labels from the one who scrapes it.
                    prometheus.ScopeInfoEnabled = false;
                    prometheus.TargetInfoEnabled = false;
                    prometheus.ScrapeResponseCacheDurationMilliseconds = 0;
                });
                if (HasCollector(configuration, "METRICS"))
                    metrics.AddOtlpExporter();
            });

        // Only then, because otherwise every request would make a span that is not sent.
        if (HasCollector(configuration, "TRACES"))
        {
            telemetry.WithTracing(traces => traces.AddSource(StoreMetrics.MeterName).AddAspNetCoreInstrumentation().AddOtlpExporter());
            services.AddOptions<AspNetCoreTraceInstrumentationOptions>().Configure<KvStoreOptions>((spans, options) =>
            {
                if (!options.LogPaths)
                    spans.EnrichWithHttpResponse = static (span, _) => span.SetTag("url.path", null).SetTag("url.query", null);
            });
        }

        services.ConfigureOpenTelemetryMeterProvider((provider, metrics) =>
        {
            var factory = provider.GetRequiredService<IMeterFactory>();
            metrics.AddView(instrument => IsOfService(instrument, factory)
                ? new MetricStreamConfiguration { CardinalityLimit = instrument.IsObservable ? ObservedStreamsMax : StreamsMax }
                : MetricStreamConfiguration.Drop);
        });
        return services;
    }

    // A process may have several services, as that of the tests does, and OpenTelemetry listens to meters by their names.
    private static bool IsOfService(Instrument instrument, IMeterFactory factory) =>
        ReferenceEquals(instrument.Meter.Scope, factory) || (instrument.Meter.Name == RuntimeMeter && !LeftOut.Contains(instrument.Name));

    private static bool HasCollector(IConfiguration configuration, string signal) =>
        configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 } || configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"] is { Length: > 0 };
}
