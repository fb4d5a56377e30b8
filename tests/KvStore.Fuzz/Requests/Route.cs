namespace KvStore.Fuzz;

/// <summary>An operation of the service, and how valid requests of it are made.</summary>
/// <param name="Path">The path in the OpenAPI document.</param>
/// <param name="Weight">How often it is requested, compared with others.</param>
internal sealed record Route(string Method, string Path, int Weight, Func<Material, RequestParts> Make);
