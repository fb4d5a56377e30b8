namespace KvStore.Fuzz;

/// <summary>Turns valid requests into others that are wrong in up to three places, or right in an unusual way.</summary>
internal static class Mutator
{
    private const int MutationsMax = 3;
    private const int BreakRarity = 4;

    /// <summary>A request of any route, mutated more often than not. Few break HTTP, because each costs a connection of its own.</summary>
    public static FuzzRequest Next(Material material)
    {
        while (true)
        {
            var request = Make(material);
            if (!request.BreaksHttp || material.Once(BreakRarity))
                return request;
        }
    }

    private static FuzzRequest Make(Material material)
    {
        var route = Routes.Pick(material.Random);
        var parts = route.Make(material);
        if (!material.Once(3))
        {
            for (var i = material.Random.Next(MutationsMax) + 1; i > 0; i--)
                Mutate(parts, material);
        }

        var request = FuzzRequest.Of(route, parts);
        return material.Once(30) && !request.IsHead ? ByteMutations.Damage(request, material) : request;
    }

    private static void Mutate(RequestParts request, Material material)
    {
        switch (material.Random.Next(12))
        {
            case < 3:
                TargetMutations.Apply(request, material);
                break;
            case < 6:
                HeaderMutations.Apply(request, material);
                break;
            case < 10:
                BodyMutations.Apply(request, material);
                break;
            default:
                FramingMutations.Apply(request, material);
                break;
        }
    }
}
