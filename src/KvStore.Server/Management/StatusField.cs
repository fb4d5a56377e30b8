using System.Diagnostics.Metrics;

namespace KvStore.Server;

/// <summary>A number or a text of the service's status: a member of <c>/v1/status</c>, a metric of <c>/metrics</c>, or both.</summary>
/// <param name="Member">Its name and description; a metric alone has no name.</param>
/// <param name="Value">Its value; null when there is none, and then the member is absent.</param>
/// <param name="Write">Writes the value as JSON.</param>
internal sealed record StatusField(ApiMember Member, Func<ServiceStatus, object?> Value, Action<Utf8JsonWriter, object> Write)
{
    /// <summary>The name of the instrument that observes it, or null when there is none. Flags are 1 or 0.</summary>
    public string? Metric { get; init; }

    /// <summary>The unit of the instrument; null for a number of things.</summary>
    public string? Unit { get; init; }

    /// <summary>Whether it only grows while the process lives.</summary>
    public bool IsTotal { get; init; }

    /// <summary>The members of an object, which has a value while it is there.</summary>
    public IReadOnlyList<StatusField> Fields { get; init; } = [];

    public static StatusField Text(string name, string description, Func<ServiceStatus, string?> value) =>
        new(ApiMember.Text(name, description), value, (json, text) => json.WriteStringValue((string)text));

    public static StatusField Time(string name, string description, Func<ServiceStatus, DateTimeOffset?> value) =>
        new(ApiMember.Time(name, description), status => value(status), (json, time) => JsonTime.WriteValue(json, (DateTimeOffset)time));

    public static StatusField Integer(string name, string? metric, string description, Func<ServiceStatus, long> value) =>
        new(ApiMember.Integer(name, description), status => value(status), (json, number) => json.WriteNumberValue((long)number)) { Metric = metric, Unit = metric?.EndsWith("bytes", StringComparison.Ordinal) == true ? "By" : null };

    public static StatusField Total(string name, string metric, string description, Func<ServiceStatus, long> value) =>
        Integer(name, metric, description, value) with { IsTotal = true };

    public static StatusField Number(string name, string description, Func<ServiceStatus, double> value) =>
        new(ApiMember.Number(name, description), status => value(status), (json, number) => json.WriteNumberValue((double)number));

    public static StatusField Seconds(string name, string metric, string description, Func<ServiceStatus, TimeSpan?> value) =>
        new(ApiMember.Number(name, description), status => value(status) is { } time ? Math.Round(time.TotalSeconds, 3) : null, (json, number) => json.WriteNumberValue((double)number)) { Metric = metric, Unit = "s" };

    public static StatusField Flag(string name, string? metric, string description, Func<ServiceStatus, bool> value) =>
        new(ApiMember.Flag(name, description), status => value(status), (json, flag) => json.WriteBooleanValue((bool)flag)) { Metric = metric };

    public static StatusField Object(string name, string schema, string description, Func<ServiceStatus, ServiceStatus?> value, params StatusField[] fields) =>
        new(ApiMember.Object(name, description, SchemaOf(schema, description, fields)), value, (json, status) => WriteJson(json, fields, (ServiceStatus)status)) { Fields = fields };

    public StatusField Optional() => this with { Member = Member.Optional() };

    public static ApiSchema SchemaOf(string name, string description, IEnumerable<StatusField> fields) =>
        new(name, description, [.. fields.Where(field => field.Member.Name.Length > 0).Select(field => field.Member)]);

    public static void WriteJson(Utf8JsonWriter json, IEnumerable<StatusField> fields, ServiceStatus status)
    {
        json.WriteStartObject();
        foreach (var field in fields)
        {
            if (field.Member.Name.Length == 0 || field.Value(status) is not { } value)
                continue;
            json.WritePropertyName(field.Member.Name);
            field.Write(json, value);
        }

        json.WriteEndObject();
    }

    /// <summary>Creates the instruments of fields, and of the fields of objects.</summary>
    /// <param name="meter">Owns them.</param>
    /// <param name="fields">The fields.</param>
    /// <param name="read">Their object; null while it is absent.</param>
    public static void Observe(Meter meter, IEnumerable<StatusField> fields, Func<ServiceStatus?> read)
    {
        foreach (var field in fields)
        {
            if (field.Metric is { } name && field.IsTotal)
                meter.CreateObservableCounter(name, () => field.Measure(read()), null, field.Member.Description);
            else if (field.Metric is not null)
                meter.CreateObservableGauge(field.Metric, () => field.Measure(read()), field.Unit, field.Member.Description);
            Observe(meter, field.Fields, () => read() is { } status ? (ServiceStatus?)field.Value(status) : null);
        }
    }

    private IEnumerable<Measurement<double>> Measure(ServiceStatus? status) =>
        status is not null && Value(status) is { } value ? [new Measurement<double>(Convert.ToDouble(value, CultureInfo.InvariantCulture))] : [];
}
