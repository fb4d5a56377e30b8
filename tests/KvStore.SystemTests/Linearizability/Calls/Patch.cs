using System.Globalization;
using System.Text.Json.Nodes;

namespace KvStore.SystemTests;

/// <summary>Sets a member of a JSON object to a number. Of what is JSON and no object it makes an object.</summary>
internal sealed record Patch(int Key, string Member, long Number) : KeyCall(Key)
{
    public override bool IsRead => false;

    protected override Register? Carry(Register entry, Answer? answer)
    {
        var merged = Merge(entry.Value);
        return answer switch
        {
            null => merged is null ? null : new Register(merged, null),
            { Status: 204, EntryRevision: { } revision } => merged is not null && !(entry.Revision >= revision) ? new Register(merged, revision) : null,
            { Status: 404 } => entry.SeenAs(default),
            { Status: 409 } => !entry.IsAbsent && merged is null ? entry : null,
            _ => null,
        };
    }

    public override string ToString() => $"PATCH {Name}.{Member} = {Number}";

    /// <summary>Null if there is nothing, or what is there is no JSON.</summary>
    private string? Merge(string? value)
    {
        if (value is not ['{', ..] && !long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            return null;
        var merged = JsonNode.Parse(value!) as JsonObject ?? [];
        merged[Member] = Number;
        return merged.ToJsonString();
    }
}
