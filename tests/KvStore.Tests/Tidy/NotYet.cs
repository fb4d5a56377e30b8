namespace KvStore.Tests;

/// <summary>What does not keep a rule yet. The lists only get shorter; each line that goes is one thing less to do.</summary>
internal static class NotYet
{
    /// <summary>References to a higher room, and what ends them.</summary>
    public static Dictionary<string, string> References { get; } = new()
    {
        ["KvStore.Server: Configuration/Usage -> Hosting/ServiceRunner"] = "the name moves to Configuration",
        ["KvStore.Server: Http/Problem -> Json/Json"] = "the problems of a feature move to it",
        ["KvStore.Server: Http/Problems -> Reads/Reads"] = "the problems of a feature move to it",
        ["KvStore.Server: Http/Problems -> Writes/IdempotencyHeader"] = "the problems of a feature move to it",
        ["KvStore.Server: Management/OperatingEndpoints -> Hosting/ServiceRunner"] = "the phase of the service moves below Management",
        ["KvStore.Server: Management/ServiceMetrics -> Hosting/ServiceRunner"] = "the phase of the service moves below Management",
        ["KvStore.Server: OpenApi/ApiParts -> Entries/LongPoll"] = "the parameters of a feature move to it",
        ["KvStore.Server: OpenApi/ApiParts -> Reads/Reads"] = "the parameters of a feature move to it",
        ["KvStore.Server: OpenApi/ApiParts -> Writes/EntryResponses"] = "the parameters of a feature move to it",
        ["KvStore.Server: OpenApi/ApiParts -> Writes/IdempotencyHeader"] = "the parameters of a feature move to it",
        ["KvStore.Server: OpenApi/ApiParts -> Writes/TimeToLive"] = "the parameters of a feature move to it",
        ["KvStore: Expiry/ExpirySweeper -> Loop/OwnerLoop"] = "the sweeper submits to the loop",
    };

    /// <summary>Files of more lines than a reader takes in.</summary>
    public static HashSet<string> LongFiles { get; } = [];

    /// <summary>Folders of more files than a reader takes in.</summary>
    public static HashSet<string> LargeFolders { get; } = [];

    /// <summary>Files with banned words.</summary>
    public static HashSet<string> OldWords { get; } =
    [
        "AddressSettings.cs",
        "ApiParts.cs",
        "ApiSchemas.cs",
        "Append.cs",
        "BatchDecider.cs",
        "CheckpointEndpoint.cs",
        "Cursor.cs",
        "DataCommands.cs",
        "Engine.cs",
        "EntryApi.cs",
        "EntryMembers.cs",
        "EntryResponses.cs",
        "ExitCodes.cs",
        "ICommitLog.cs",
        "Idempotency.cs",
        "IdempotencyHeader.cs",
        "Import.cs",
        "ImportProgress.cs",
        "ImportReport.cs",
        "JsonText.cs",
        "KestrelSetup.cs",
        "KeyRouting.cs",
        "KvReadOptions.cs",
        "KvStoreClient.Watch.cs",
        "KvStoreClientOptions.cs",
        "KvStoreOptions.cs",
        "KvWatchOptions.cs",
        "KvWriteOptions.cs",
        "ListRequest.cs",
        "ListingApi.cs",
        "LogWindow.cs",
        "LoggingSetup.cs",
        "OperatingAnswers.cs",
        "Operation.cs",
        "OperationMetrics.cs",
        "Outcome.cs",
        "OwnerLoop.cs",
        "PendingTransaction.cs",
        "Problems.cs",
        "Reads.cs",
        "RejectedRequests.cs",
        "RequestBoundary.cs",
        "RequestLog.cs",
        "RequestMetrics.cs",
        "ServiceBuilder.cs",
        "ServiceLog.cs",
        "ServiceRunner.cs",
        "SettingsReader.cs",
        "SnapshotPublisher.cs",
        "Store.cs",
        "StoreHostedService.cs",
        "StoreOptions.cs",
        "TimeToLive.cs",
        "Transaction.cs",
        "TransactionQueue.cs",
        "WatchApi.cs",
        "WatchEndpoints.cs",
        "WriteAnswer.cs",
        "watch.js",
    ];
}
