using Microsoft.Extensions.Configuration;

namespace KvStore.Server.Tests;

/// <summary>Keys in the settings: what is said twice, or said to be nothing, must not open more than was meant.</summary>
public sealed class KeySettingsTests
{
    private const string Hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public void Read_EveryMember_IsRead()
    {
        var key = Assert.Single(Read(out var problems, ("Rights", "read,write"), ("Prefixes:0", "a/"), ("Prefixes:1", "b/"), ("Expires", "2027-01-31T12:00:00Z")));
        Assert.Empty(problems);
        Assert.Equal((Rights.Read | Rights.Write, "a/ b/"), (key.Rights, string.Join(' ', key.Prefixes)));
        Assert.NotNull(key.ExpiresAt);
    }

    [Theory]
    [InlineData("Prefixes", null, "KvStore:Keys, key 1 (a): prefixes must be an array")]
    [InlineData("Prefixes", "", "KvStore:Keys, key 1 (a): prefixes must be an array")]
    [InlineData("Prefixes:0", null, "KvStore:Keys, key 1 (a): prefixes must be an array")]
    [InlineData("Prefix", "a/", "KvStore:Keys:0:Prefix is not a setting.")]
    [InlineData("Expires", null, "KvStore:Keys, key 1 (a): expires: ")]
    [InlineData("Expires:0", "2027-01-31T12:00:00Z", "KvStore:Keys, key 1 (a): expires: ")]
    [InlineData("Rights:0", "write", "KvStore:Keys:0:Rights is given as a text and as a list. Give one of them.")]
    [InlineData("Hash", "kv_secret", "KvStore:Keys, key 1 (a): hash must be the SHA-256")]
    public void Read_Unacceptable_IsNoKey(string member, string? value, string expected)
    {
        Assert.Empty(Read(out var problems, ("Rights", "read"), (member, value)));
        Assert.StartsWith(expected, Assert.Single(problems), StringComparison.Ordinal);
        Assert.DoesNotContain("kv_secret", problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_FileAndList_AreRefused()
    {
        var configuration = KvStoreSettingsTests.Configuration(("KvStore:Keys", "keys.json"), ("KvStore:Keys:0:Name", "a"));
        var problem = Assert.Single(Assert.Throws<InvalidSettingsException>(() => KvStoreSettings.Read(configuration)).Problems);
        Assert.Equal("KvStore:Keys must be a file or a list, not both. Given: keys.json.", problem);
    }

    private static IReadOnlyList<KeyEntry> Read(out List<string> problems, params (string Member, string? Value)[] members)
    {
        var settings = new Dictionary<string, string?> { ["KvStore:Keys:0:Name"] = "a", ["KvStore:Keys:0:Hash"] = Hash };
        foreach (var (member, value) in members)
            settings["KvStore:Keys:0:" + member] = value;
        problems = [];
        return KeySettings.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection("KvStore:Keys"), problems);
    }
}
