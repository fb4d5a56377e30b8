using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>What the OpenAPI document says of keys. Swagger UI asks for one by it.</summary>
internal static class ApiSecurity
{
    private const string Bearer = "bearer";
    private const string ApiKey = "apiKey";

    /// <summary>Adds the two ways to send a key.</summary>
    public static void Describe(OpenApiDocument document)
    {
        document.AddComponent(Bearer, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "A key of the service, such as `kv_...`. Only a service that was started with keys asks for one.",
        });
        document.AddComponent(ApiKey, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Header,
            Name = Credential.ApiKeyHeader,
            Description = "The same key in another header. Send one of the two.",
        });
    }

    /// <summary>What an operation needs: nothing, or a key in either way; or both are possible, where the service has no keys.</summary>
    public static IList<OpenApiSecurityRequirement> Of(RightsRequirement rights, bool isOn, OpenApiDocument document) =>
        rights.IsOpen ? [] : isOn ? [By(Bearer, document), By(ApiKey, document)] : [new OpenApiSecurityRequirement(), By(Bearer, document), By(ApiKey, document)];

    private static OpenApiSecurityRequirement By(string scheme, OpenApiDocument document) => new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };
}
