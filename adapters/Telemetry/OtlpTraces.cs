// Sends spans to a collector by OTLP over HTTP. The only place that knows OpenTelemetry's packages: they are loaded when this is called, and not before.
// Invariant: what cannot be sent is dropped, and holds up nothing.
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CabinCrew.Telemetry;

public static class OtlpTraces
{
    private const string ServiceName = "cabincrew";
    private const int TimeMaxMilliseconds = 5_000;

    /// <summary>Sends until it is disposed, and then what is left.</summary>
    /// <param name="source">Whose spans.</param>
    /// <param name="to">With the path: /v1/traces where the collector is as usual.</param>
    /// <param name="version">Of the program.</param>
    public static IDisposable Start(string source, Uri to, string? version) => Sdk.CreateTracerProviderBuilder()
        .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService(ServiceName, serviceVersion: version, autoGenerateServiceInstanceId: false))
        .AddSource(source)
        .AddOtlpExporter(export => (export.Endpoint, export.Protocol, export.TimeoutMilliseconds) = (to, OtlpExportProtocol.HttpProtobuf, TimeMaxMilliseconds))
        .Build();
}
