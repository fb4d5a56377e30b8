namespace KvStore.Tests;

internal static class IndexValidation
{
    /// <inheritdoc cref="IndexInvariants"/>
    public static void Validate(this OrderedIndex index) => IndexInvariants.Check(index.Root, index.Count, owner: 0);

    /// <inheritdoc cref="IndexInvariants"/>
    public static void Validate(this OrderedIndex.Builder builder) => IndexInvariants.Check(builder.State.Root, builder.Count, builder.State.Owner);
}
