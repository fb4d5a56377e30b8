using System.Text.Encodings.Web;

namespace KvStore.Cli;

/// <summary>What one command works with: its arguments, the service, and where it prints.</summary>
internal sealed class Session : IDisposable
{
    // Readable as text in every language; what it prints is no HTML.
    public static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly Lazy<Destination> _destination;
    private readonly Lazy<KvStoreClient> _client;

    public Session(ParseResult arguments)
    {
        Arguments = arguments;
        var color = arguments.GetValue(GlobalOptions.Colors);
        Out = Screen.NewOutput(color);
        Error = Screen.NewError(color);
        IsJson = arguments.GetValue(GlobalOptions.Json) || (arguments.GetValue(GlobalOptions.Format) is { } format ? format == "json" : !Out.IsTerminal);
        _destination = new(() => Destination.Resolve(arguments.GetValue(GlobalOptions.Url), arguments.GetValue(GlobalOptions.Profile), arguments.GetValue(GlobalOptions.KeyFile)));
        _client = new(() => new KvStoreClient(Destination.Address, new KvStoreClientOptions { ApiKey = Destination.Key, Timeout = Timeout, AttemptTimeout = Timeout }));
    }

    public ParseResult Arguments { get; }

    public Output Out { get; }

    public Output Error { get; }

    /// <summary>Whether it prints JSON lines.</summary>
    public bool IsJson { get; }

    /// <summary>Whether JSON was asked for, and not only because of the pipe.</summary>
    public bool IsJsonAskedFor => Arguments.GetValue(GlobalOptions.Json) || Arguments.GetValue(GlobalOptions.Format) == "json";

    public TimeSpan Timeout => Arguments.GetValue(GlobalOptions.Timeout) ?? GlobalOptions.TimeoutDefault;

    /// <summary>The service, once it is needed.</summary>
    public Destination Destination => _destination.Value;

    /// <summary>Whether the command has asked a service, so that its address belongs into messages.</summary>
    public bool HasDestination => _destination.IsValueCreated;

    public KvStoreClient Client => _client.Value;

    /// <summary>Prints one line of JSON.</summary>
    public void WriteJson(Action<Utf8JsonWriter> write)
    {
        using (var json = new Utf8JsonWriter(Out.Buffer, JsonOptions))
            write(json);
        Out.Write("\n"u8);
    }

    /// <summary>Prints a message to standard error, which begins with the name of the program.</summary>
    public void Say(string message)
    {
        Error.Line($"kv: {message}");
        Error.Flush();
    }

    public void Dispose()
    {
        if (_client.IsValueCreated)
            _client.Value.Dispose();
    }
}
