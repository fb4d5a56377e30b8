namespace KvStore.Client;

/// <summary>What the compiler says about JSON without a source-generated context in programs that are trimmed or native.</summary>
internal static class JsonByReflection
{
    public const string Unreferenced = "Members of the type may be trimmed. Pass a JsonTypeInfo from a source-generated JsonSerializerContext.";
    public const string Dynamic = "Serialization by reflection may generate code. Pass a JsonTypeInfo from a source-generated JsonSerializerContext.";
}
