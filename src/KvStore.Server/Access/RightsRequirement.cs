using Microsoft.AspNetCore.Authorization;

namespace KvStore.Server;

/// <summary>
/// The rights that an endpoint needs, whatever its keys are; which keys they must be for is checked where keys are decoded. Metadata of
/// every endpoint: its authorization policy, its row in the documents and its part of the OpenAPI document come from it. Immutable.
/// </summary>
internal sealed class RightsRequirement : IAuthorizationRequirement
{
    private readonly Rights _rights;
    private readonly bool _needsAll;

    private RightsRequirement(Rights rights, bool needsAll)
    {
        (_rights, _needsAll) = (rights, needsAll);
        Policy = new AuthorizationPolicy([this], []);
    }

    /// <summary>Served to every client, whatever its credentials.</summary>
    public static RightsRequirement Open { get; } = new(Rights.None, needsAll: true);

    public bool IsOpen => _rights == Rights.None;

    public bool IsAdmin => _rights == Rights.Admin;

    /// <summary>The authorization policy that has this as its requirement.</summary>
    public AuthorizationPolicy Policy { get; }

    /// <summary>All of the rights.</summary>
    public static implicit operator RightsRequirement(Rights rights) =>
        rights == Rights.None ? throw new ArgumentException($"Say {nameof(Open)} for an endpoint that needs no right.", nameof(rights)) : new(rights, needsAll: true);

    /// <summary>At least one of the rights. The endpoint checks the rest when it has read what is asked of it.</summary>
    public static RightsRequirement AnyOf(Rights rights) => new(rights, needsAll: false);

    public bool IsMetBy(Rights rights) => _needsAll ? (rights & _rights) == _rights : (rights & _rights) != 0;

    /// <summary>The rights as the part of a sentence: <c>read and write</c>.</summary>
    public override string ToString() => RightsText.TextOf(_rights, _needsAll ? "and" : "or");
}
