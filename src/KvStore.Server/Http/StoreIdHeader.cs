using Microsoft.Extensions.Primitives;

namespace KvStore.Server;

/// <summary>
/// <c>KvStore-Store-Id</c>: every response of an endpoint says which store it speaks of, and a request that names another one is rejected.
/// Thread-safe.
/// </summary>
internal sealed class StoreIdHeader(Store store)
{
    public const string Name = "KvStore-Store-Id";

    // The text of the id; null until the store has loaded. A race makes it once more.
    private string? _text;

    /// <summary>Sets the response's header, and checks the request's.</summary>
    public Problem? Check(HttpContext context)
    {
        var given = context.Request.Headers[Name];
        if ((_text ??= store.Id?.ToString()) is not { } text)
            return given.Count == 0 ? null : StoreProblems.Loading(store);
        context.Response.Headers[Name] = text;
        return given.Count == 0 ? null : Check(given, text);
    }

    private Problem? Check(StringValues given, string text)
    {
        if (given is [var one] && one == text)
            return null;
        return given is [{ } other] && StoreId.TryParse(other, out _)
            ? Problems.OtherStore(store.Id ?? default, Name)
            : Problems.MalformedRequest($"Give the id of a store once: {StoreId.TextLength} digits as in this header of a response, or in the status.", Name);
    }
}
