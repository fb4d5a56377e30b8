namespace KvStore.Server;

/// <summary>
/// JSON that every reader understands in the same way (I-JSON, RFC 7493): without repeated names, halves of surrogate pairs and numbers
/// beyond a double, and of few levels. One value that is not would make a whole page unreadable for a strict reader.
/// </summary>
internal static class InteroperableJson
{
    // Most readers accept 64 levels. A value in an answer is three levels deep already.
    private const int DepthMax = 60;

    // A number of this many digits may exceed 1.8e308 without an exponent.
    private const int SafeDigits = 300;

    private static readonly SearchValues<byte> Exponents = SearchValues.Create("eE"u8);

    /// <summary>Whether the text, which is UTF-8, is one such value.</summary>
    public static bool Is(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DepthMax });
        var names = new Names();
        try
        {
            while (reader.Read())
            {
                if (!IsGood(ref reader, ref names))
                    return false;
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
        finally
        {
            names.Return();
        }
    }

    private static bool IsGood(ref Utf8JsonReader reader, ref Names names)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                names.Begin(reader.CurrentDepth);
                return true;
            case JsonTokenType.EndObject:
                return names.EndDistinct(reader.CurrentDepth);
            case JsonTokenType.PropertyName:
                if (HasLoneSurrogate(ref reader))
                    return false;
                names.Add(ref reader);
                return true;
            case JsonTokenType.String:
                return !HasLoneSurrogate(ref reader);
            case JsonTokenType.Number:
                return (reader.ValueSpan.Length <= SafeDigits && !reader.ValueSpan.ContainsAny(Exponents)) || double.IsFinite(reader.GetDouble());
            default:
                return true;
        }
    }

    private static bool HasLoneSurrogate(ref Utf8JsonReader reader) => reader.ValueIsEscaped && JsonString.HasLoneSurrogate(reader.ValueSpan);

    /// <summary>
    /// Hashes of the names of the objects that have begun and not ended. Two that are equal by chance only make a value text, which loses nothing, so
    /// the hash need not be strong; and because the hashes of an object are sorted, no choice of names makes this slow.
    /// </summary>
    private ref struct Names
    {
        private const ulong FnvOffset = 14695981039346656037;
        private const ulong FnvPrime = 1099511628211;

        // Objects of up to this many names are compared pair by pair, which is faster than sorting them.
        private const int FewNames = 8;

        private Levels _starts;
        private First _first;
        private ulong[]? _more;
        private int _count;

        [System.Diagnostics.CodeAnalysis.UnscopedRef]
        private Span<ulong> Hashes => _more is null ? _first : _more;

        public void Begin(int depth) => _starts[depth] = _count;

        public void Add(ref Utf8JsonReader reader)
        {
            if (_count == (_more?.Length ?? First.Length))
                Grow();
            Hashes[_count++] = HashOf(ref reader);
        }

        /// <summary>Ends the object of this depth; false if two of its names are equal.</summary>
        public bool EndDistinct(int depth)
        {
            var hashes = Hashes[_starts[depth].._count];
            _count = _starts[depth];
            return hashes.Length > FewNames ? AreManyDistinct(hashes) : AreFewDistinct(hashes);
        }

        private static bool AreFewDistinct(ReadOnlySpan<ulong> hashes)
        {
            for (var i = 1; i < hashes.Length; i++)
            {
                if (hashes[..i].Contains(hashes[i]))
                    return false;
            }

            return true;
        }

        private static bool AreManyDistinct(Span<ulong> hashes)
        {
            hashes.Sort();
            for (var i = 1; i < hashes.Length; i++)
            {
                if (hashes[i] == hashes[i - 1])
                    return false;
            }

            return true;
        }

        public readonly void Return()
        {
            if (_more is not null)
                ArrayPool<ulong>.Shared.Return(_more);
        }

        private static ulong HashOf(ref Utf8JsonReader reader)
        {
            if (!reader.ValueIsEscaped)
                return HashOf(reader.ValueSpan);
            var name = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
            var hash = HashOf(name.AsSpan(0, reader.CopyString(name)));
            ArrayPool<byte>.Shared.Return(name);
            return hash;
        }

        // FNV-1a.
        private static ulong HashOf(ReadOnlySpan<byte> name)
        {
            var hash = FnvOffset;
            foreach (var value in name)
                hash = (hash ^ value) * FnvPrime;
            return hash;
        }

        private void Grow()
        {
            var larger = ArrayPool<ulong>.Shared.Rent(2 * _count);
            Hashes[.._count].CopyTo(larger);
            Return();
            _more = larger;
        }

        // Most values have no more names than fit here, so that they need no array of the pool.
        [System.Runtime.CompilerServices.InlineArray(Length)]
        private struct First
        {
            public const int Length = 32;

            private ulong _first;
        }

        [System.Runtime.CompilerServices.InlineArray(DepthMax + 1)]
        private struct Levels
        {
            private int _first;
        }
    }
}
