namespace KvStore.Origins;

/// <summary>In place of an origin that only clients can ask. Nothing is loaded from it.</summary>
internal sealed class NoSource : IOriginSource
{
    private static readonly LoadResult Nothing = new LoadResult.Failed(LoadFailure.Refused, null, "Clients load the keys of this origin.");

    /// <inheritdoc/>
    public int KeysMax => 1;

    /// <inheritdoc/>
    public Task<IReadOnlyList<LoadResult>> LoadAsync(IReadOnlyList<LoadRequest> requests, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<LoadResult>>([.. requests.Select(_ => Nothing)]);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
