namespace KvStore.Fuzz;

/// <summary>Damage to the bytes of a whole request, wherever it is.</summary>
internal static class ByteMutations
{
    private const int DamagesMax = 4;

    public static FuzzRequest Damage(FuzzRequest request, Material material)
    {
        var bytes = request.Bytes.ToArray().ToList();

        // Mostly in the head: most bytes of a large request are in a body, where damage is a different value and nothing more.
        for (var i = material.Random.Next(DamagesMax) + 1; i > 0 && bytes.Count > 0; i--)
        {
            var at = material.Random.Next(material.Once(4) ? bytes.Count : Math.Min(200, bytes.Count));
            switch (material.Random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << material.Random.Next(8));
                    break;
                case 1:
                    bytes.RemoveRange(at, material.Random.Next(Math.Min(8, bytes.Count - at) + 1));
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, material.Random.Next(Math.Min(40, bytes.Count - at) + 1)));
                    break;
                case 3:
                    bytes.Insert(at, material.Of((byte)'\r', (byte)'\n', (byte)0, (byte)' ', (byte)':', (byte)0xFF));
                    break;
                default:
                    bytes[at] = (byte)material.Random.Next(256);
                    break;
            }
        }

        return request with { Bytes = bytes.ToArray(), BreaksHttp = true, ChangesRoute = true };
    }
}
