using System.Text;
using System.Text.Json;

namespace KvStore.Fuzz;

/// <summary>An answer as it came over the wire.</summary>
/// <param name="BodyBytes">The length of the body, of which <paramref name="Body"/> has only the beginning if it is long.</param>
internal sealed record Answer(int Status, string? ContentType, string? ETag, int? RetryAfterSeconds, bool Closes, byte[] Body, long BodyBytes)
{
    private const int ShownBytesMax = 300;

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>What is wrong with the body of an error; null if it is a problem as the service documents it.</summary>
    public string? ProblemFault()
    {
        if (ContentType != "application/problem+json")
            return $"an error with the media type {ContentType ?? "(none)"}";
        try
        {
            using var problem = JsonDocument.Parse(Body);
            var root = problem.RootElement;
            return root.GetProperty("status").GetInt32() != Status ? "a problem with another status"
                : !root.GetProperty("type").GetString()!.Contains('#', StringComparison.Ordinal) ? "a problem whose type leads nowhere"
                : root.GetProperty("title").GetString()!.Length == 0 ? "a problem without a title"
                : root.GetProperty("detail").GetString()!.Length == 0 ? "a problem without a detail"
                : null;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return $"an error that is no problem document ({exception.Message})";
        }
    }

    public override string ToString() => $"{Status} {ContentType} {Encoding.Latin1.GetString(Body.AsSpan(0, Math.Min(Body.Length, ShownBytesMax)))}";
}
