namespace KvStore.Storage.Tests;

/// <summary>A data directory, with the states that its log went through.</summary>
/// <param name="Files">Its files.</param>
/// <param name="Earlier">The same directory at an earlier time.</param>
/// <param name="States">The entries after each batch, the last one last.</param>
internal sealed record BaseDirectory(Dictionary<string, byte[]> Files, Dictionary<string, byte[]> Earlier, IReadOnlyList<string> States);

/// <summary>A directory that was changed in one way, and what is known of the result.</summary>
/// <param name="Files">Its files.</param>
/// <param name="Change">What was done, for messages.</param>
/// <param name="MayLose">Whether docs/storage-format.md says that nothing can notice it: then an earlier state is right, too.</param>
internal sealed record MutatedDirectory(Dictionary<string, byte[]> Files, string Change, bool MayLose)
{
    private const int Kinds = 10;

    /// <summary>Changes a directory.</summary>
    /// <param name="origin">The directory.</param>
    /// <param name="other">That of another store.</param>
    /// <param name="random">Chooses what is changed.</param>
    public static MutatedDirectory Of(BaseDirectory origin, BaseDirectory other, Random random)
    {
        var files = origin.Files.ToDictionary(file => file.Key, file => file.Value.ToArray());
        var names = files.Keys.Order(StringComparer.Ordinal).ToArray();
        var name = names[random.Next(names.Length)];
        var last = LogImage.SegmentsOf(files).LastOrDefault();
        var bytes = files[name];
        var at = random.Next(bytes.Length);
        var isTail = name == last;
        switch (random.Next(Kinds))
        {
            case 0:
            case 1:
                foreach (var bit in Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(bytes.Length * 8)))
                    bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                return new(files, $"bits of {name} flipped", false);
            case 2:
                files[name] = bytes[..at];
                return new(files, $"{name} cut to {at} bytes", isTail);
            case 3:
                var removed = names.Where(_ => random.Next(names.Length) == 0).Append(name).Distinct().ToArray();
                return new(files.Where(file => !removed.Contains(file.Key)).ToDictionary(), $"{string.Join(", ", removed)} removed", false);
            case 4:
                bytes.AsSpan(at, random.Next(bytes.Length - at) + 1).Clear();
                return new(files, $"{name} zeroed from {at} on", isTail);
            case 5:
                files[name] = [.. bytes, .. Enumerable.Repeat((byte)random.Next(1, 256), random.Next(1, 600))];
                return new(files, $"{name} grown", false);
            case 6:
                var foreign = other.Files.Keys.ElementAt(random.Next(other.Files.Count));
                files[random.Next(2) == 0 ? name : foreign] = other.Files[foreign];
                return new(files, $"{foreign} of another store put in", false);
            case 7:
                var second = names[random.Next(names.Length)];
                (files[name], files[second]) = (files[second], files[name]);
                return new(files, $"{name} and {second} swapped", false);
            case 8:
                var renamed = $"{random.Next(30):D20}{Path.GetExtension(name)}";
                files.Remove(name);
                files[renamed] = bytes;
                return new(files, $"{name} renamed to {renamed}", false);
            default:
                var older = origin.Earlier.Keys.ElementAt(random.Next(origin.Earlier.Count));
                files[older] = origin.Earlier[older];
                return new(files, $"{older} replaced by an earlier copy", older == last);
        }
    }
}
