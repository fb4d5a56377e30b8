namespace KvStore.Testing;

/// <summary>What happens to a call of a <see cref="FakeEtcd"/>.</summary>
internal enum EtcdFault
{
    None,

    /// <summary>No member could be reached.</summary>
    NotSent,

    /// <summary>The member refused it.</summary>
    Refused,

    /// <summary>It is lost on its way: never executed, and its caller cannot know.</summary>
    RequestLost,

    /// <summary>It is executed, and its caller cannot know.</summary>
    AnswerLost,

    /// <summary>Its caller gives up, and it is executed later: by <see cref="FakeEtcdServer.ExecuteDelayed"/>, perhaps after what its caller did next.</summary>
    RequestDelayed,

    /// <summary>It is executed twice, as by a transport that sends a request again. The answer is the second one's.</summary>
    SentTwice,

    /// <summary>A read is answered from an old state, as etcd before 3.4.42, 3.5.28 and 3.6.9 may after a pause.</summary>
    Stale,
}

/// <summary>What happens to a response of a watch.</summary>
internal enum EtcdWatchFault
{
    None,

    /// <summary>The stream ends instead of it.</summary>
    Broken,

    /// <summary>Neither it nor anything after it arrives, and the stream does not end.</summary>
    Silent,

    /// <summary>It does not arrive, and what comes after it does. etcd promises that this never happens.</summary>
    Lost,
}
