using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

/// <summary>What is composed of the calls of a client, for <see cref="KvStoreClient"/> and for fakes of <see cref="IKvStoreClient"/>.</summary>
public static class KvStoreClientExtensions
{
    private const string JsonType = "application/json";

    /// <summary>Reads an entry as JSON.</summary>
    /// <param name="client">The client.</param>
    /// <param name="key">The key.</param>
    /// <param name="type">The type of the object, from a source-generated context.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The object; the default if there is no entry. To know its revision, use <see cref="IKvStoreClient.GetAsync"/> and <see cref="KvEntry.As{T}(JsonTypeInfo{T})"/>.</returns>
    /// <exception cref="JsonException">The value is not JSON of that type.</exception>
    public static async Task<T?> GetJsonAsync<T>(this IKvStoreClient client, string key, JsonTypeInfo<T> type, KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return await client.GetAsync(key, options, cancellationToken).ConfigureAwait(false) is { } entry ? entry.As(type) : default;
    }

    /// <summary>Reads an entry as JSON by reflection: not for programs that are trimmed or native.</summary>
    /// <param name="client">The client.</param>
    /// <param name="key">The key.</param>
    /// <param name="json">How to read JSON; null for <see cref="JsonSerializerOptions.Web"/>.</param>
    /// <param name="options">The state to read; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The object; the default if there is no entry.</returns>
    /// <exception cref="JsonException">The value is not JSON of that type.</exception>
    [RequiresUnreferencedCode(JsonByReflection.Unreferenced)]
    [RequiresDynamicCode(JsonByReflection.Dynamic)]
    public static async Task<T?> GetJsonAsync<T>(this IKvStoreClient client, string key, JsonSerializerOptions? json = null, KvReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return await client.GetAsync(key, options, cancellationToken).ConfigureAwait(false) is { } entry ? entry.As<T>(json) : default;
    }

    /// <summary>Stores an object as JSON by reflection: not for programs that are trimmed or native.</summary>
    /// <param name="client">The client.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The object.</param>
    /// <param name="json">How to write JSON; null for <see cref="JsonSerializerOptions.Web"/>.</param>
    /// <param name="options">Conditions and lifetime; null for neither.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <exception cref="KvPreconditionFailedException">The condition failed.</exception>
    [RequiresUnreferencedCode(JsonByReflection.Unreferenced)]
    [RequiresDynamicCode(JsonByReflection.Dynamic)]
    public static Task<KvWriteResult> PutJsonAsync<T>(this IKvStoreClient client, string key, T value, JsonSerializerOptions? json = null, KvWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.PutAsync(key, JsonSerializer.SerializeToUtf8Bytes(value, json ?? JsonSerializerOptions.Web), JsonType, options, cancellationToken);
    }

    /// <summary>Reads an entry, decides what to do with it, and does that on the condition that the entry is unchanged; after a conflict it begins again, until there is none.</summary>
    /// <param name="client">The client.</param>
    /// <param name="key">The key.</param>
    /// <param name="update">What to do with the entry, null if there is none. Called once for each attempt, so it has no effect of its own.</param>
    /// <param name="options">How often to try; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the update; the outcome is then unknown.</param>
    /// <exception cref="KvPreconditionFailedException">There was a conflict in each attempt; or in one whose outcome is unknown, which is not repeated, because the change may have been made.</exception>
    public static Task<KvUpdateResult> UpdateAsync(this IKvStoreClient client, string key, Func<KvEntry?, KvUpdate> update, KvUpdateOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(update);
        return client.UpdateAsync(key, (entry, _) => ValueTask.FromResult(update(entry)), options, cancellationToken);
    }

    /// <inheritdoc cref="UpdateAsync(IKvStoreClient, string, Func{KvEntry?, KvUpdate}, KvUpdateOptions?, CancellationToken)"/>
    public static async Task<KvUpdateResult> UpdateAsync(
        this IKvStoreClient client, string key, Func<KvEntry?, CancellationToken, ValueTask<KvUpdate>> update, KvUpdateOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(update);
        options ??= new KvUpdateOptions();
        for (var attempt = 1; ; attempt++)
        {
            var entry = await client.GetAsync(key, cancellationToken: cancellationToken).ConfigureAwait(false);
            var change = await update(entry, cancellationToken).ConfigureAwait(false);
            try
            {
                if (change.Kind == KvUpdateKind.Keep || (change.Kind == KvUpdateKind.Delete && entry is null))
                    return new KvUpdateResult(entry?.Revision, false, attempt);
                if (change.Kind == KvUpdateKind.Put)
                    return new KvUpdateResult((await client.PutAsync(key, change.Value, change.ContentType, Unchanged(entry, change.TimeToLive), cancellationToken).ConfigureAwait(false)).Revision, true, attempt);

                // Null: another client has deleted it, which the function has not seen. After the last attempt it is gone all the same, as the function wants it.
                var deleted = await client.DeleteAsync(key, Unchanged(entry, null), cancellationToken).ConfigureAwait(false);
                if (deleted is not null || attempt >= options.AttemptsMax)
                    return new KvUpdateResult(deleted, deleted is not null, attempt);
            }
            catch (KvPreconditionFailedException failure) when (failure.Outcome == KvOutcome.NotApplied && attempt < options.AttemptsMax)
            {
                await Task.Delay(options.DelayAfter(attempt), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads a JSON object, changes it, and stores it on the condition that the entry is unchanged; after a conflict it begins again.</summary>
    /// <param name="client">The client.</param>
    /// <param name="key">The key.</param>
    /// <param name="update">The new object for the stored one. Null stands for no entry on both sides: null for an absent entry, and null to delete it. Called once for each attempt.</param>
    /// <param name="type">The type of the object, from a source-generated context.</param>
    /// <param name="options">How often to try; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the update; the outcome is then unknown.</param>
    /// <returns>What is stored now.</returns>
    /// <exception cref="JsonException">The value is not JSON of that type.</exception>
    /// <exception cref="KvPreconditionFailedException">As for <see cref="UpdateAsync(IKvStoreClient, string, Func{KvEntry?, KvUpdate}, KvUpdateOptions?, CancellationToken)"/>.</exception>
    public static async Task<T?> UpdateJsonAsync<T>(
        this IKvStoreClient client, string key, Func<T?, T?> update, JsonTypeInfo<T> type, KvUpdateOptions? options = null, CancellationToken cancellationToken = default)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(update);
        T? stored = null;
        await client.UpdateAsync(key, Change, options, cancellationToken).ConfigureAwait(false);
        return stored;

        KvUpdate Change(KvEntry? entry) => (stored = update(entry?.As(type))) is null ? KvUpdate.Delete : KvUpdate.PutJson(stored, type);
    }

    private static KvWriteOptions Unchanged(KvEntry? entry, TimeSpan? timeToLive) =>
        new() { IfRevision = entry?.Revision, IfAbsent = entry is null, TimeToLive = timeToLive };
}
