using System.Collections.Frozen;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd;

/// <summary>Which versions of etcd the members run. Any thread: a report replaces the whole.</summary>
internal sealed class EtcdVersions
{
    private volatile FrozenDictionary<ulong, Version?> _known = FrozenDictionary<ulong, Version?>.Empty;
    private ulong _lastAsked;

    /// <summary>The version of the member that answered last; null if it is not known.</summary>
    public Version? OfLastAsked => _known.GetValueOrDefault(Volatile.Read(ref _lastAsked));

    /// <summary>Whether linearizable reads are linearizable: the version of every member is known, and none has etcd's defect 20418, which answers from an old state after a pause.</summary>
    public bool IsReadSafe => _known is { Count: > 0 } known && known.Values.All(IsSafe);

    public void RecordAnswer(ResponseHeader? header) => Volatile.Write(ref _lastAsked, header?.MemberId ?? 0);

    /// <summary>Takes over what members say. One that does not answer has the version that it had.</summary>
    public void Record(EtcdClusterReport report)
    {
        var before = _known;
        _known = report.Members.ToFrozenDictionary(member => member.Id, member => member.Status is { } status ? Parse(status.Version) : before.GetValueOrDefault(member.Id));
    }

    // A pre-release, such as 3.6.9-rc.0, may lack what the release has.
    private static Version? Parse(string text) => Version.TryParse(text, out var version) ? version : null;

    private static bool IsSafe(Version? version) => version is not null && (version.Major, version.Minor) switch
    {
        (3, 4) => version.Build >= 42,
        (3, 5) => version.Build >= 28,
        (3, 6) => version.Build >= 9,
        (3, var minor) => minor > 6,
        var (major, _) => major > 3,
    };
}
