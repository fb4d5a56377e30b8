using System.Text;

namespace KvStore.Server.Tests;

/// <summary>What a key file may have, and how what is wrong with one is said.</summary>
public sealed class KeyFileTests
{
    private const string Hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public void ToUtf8_EveryMember_IsReadBack()
    {
        var hash = Convert.FromHexString(Hash);
        KeyEntry[] keys =
        [
            new("a", hash, Rights.Read | Rights.Admin),
            new("b", Convert.FromHexString(Hash.Replace('0', '1')), Rights.Write)
            {
                Prefixes = ["a/", "\u00e9\u65e5\""],
                ExpiresAt = new DateTimeOffset(2027, 1, 31, 12, 0, 0, TimeSpan.Zero),
                Quotas = new Quotas { RequestsPerSecond = 10, BytesPerSecond = 1L << 40, Watchers = 0, Transfers = 1 },
            },
        ];
        var problems = new List<string>();
        var read = KeyFile.Parse("keys.json", KeyFile.ToUtf8(keys), problems);
        Assert.Empty(problems);
        Assert.Equal(2, read.Count);
        Assert.True(read[0].IsSameAs(keys[0]));
        Assert.True(read[1].IsSameAs(keys[1]));
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "", "keys.json is empty. It must be JSON such as {\"keys\": []}." },
        { "{\"keys\": [}", "keys.json is not JSON at byte 11: } is not expected here." },
        { "[]", "keys.json, line 1: $ is unknown, repeated, or of the wrong type." },
        { "{}", "keys.json must have the member keys, an array, as in {\"keys\": []}." },
        { "{\"keys\": [{\"name\": \"a\",\n\"rigths\": [\"read\"]}]}", "keys.json, line 2: $.keys[0].rigths is unknown, repeated, or of the wrong type." },
        { Keys($"{{\"name\": \"a\", \"name\": \"b\", \"hash\": \"{Hash}\", \"rights\": [\"read\"]}}"), "keys.json, line 1: $.keys[0]" },
        { Keys("null"), "keys.json, key 1: name must be 1 to 100 printable ASCII characters without spaces." },
        { Keys(Key("\"rights\": [\"read\"]").Replace(Hash, "kv_secret", StringComparison.Ordinal)), "keys.json, key 1 (a): hash must be the SHA-256 of the key in 64 hexadecimal digits. The command keys new makes both." },
        { Keys(Key("\"rights\": [\"reed\"]")), "keys.json, key 1 (a): rights must be some of read, write, delete, admin. Given: reed." },
        { Keys(Key("\"rights\": []")), "keys.json, key 1 (a): rights must be an array with at least one of read, write, delete, admin." },
        { Keys(Key("\"rights\": [\"read\"], \"prefixes\": []")), "keys.json, key 1 (a): prefixes must be an array of texts of at least one character, without control characters. Omit prefixes for all keys." },
        { Keys(Key("\"rights\": [\"read\"], \"prefixes\": [\"\"]")), "keys.json, key 1 (a): prefixes must be" },
        { Keys(Key("\"rights\": [\"read\"], \"prefixes\": null")), "keys.json, key 1 (a): prefixes must be an array" },
        { Keys(Key("\"rights\": [\"read\"], \"expires\": null")), "keys.json, key 1 (a): expires: " },
        { Keys(Key("\"rights\": [\"read\"], \"expires\": \"2027-01-31T12:00:00\"")), "keys.json, key 1 (a): expires: The time has no offset from UTC." },
        { Keys(Key("\"rights\": [\"read\"], \"quotas\": {\"watchers\": -1}")), "keys.json, key 1 (a): quotas must be positive numbers; watchers and transfers may be 0." },
        { Keys(Key("\"rights\": [\"read\"]") + "," + Key("\"rights\": [\"read\"]").Replace('0', '1')), "keys.json, key 2 (a): key 1 has the same name. Rename or remove one of them." },
        { Keys(Key("\"rights\": [\"read\"]") + "," + Key("\"rights\": [\"read\"]").Replace("\"a\"", "\"b\"", StringComparison.Ordinal)), "keys.json, key 2 (b): key 1 has the same hash. Remove one of them." },
        { "{\"keys\": [{\"name\": \"\\ud800\"}]}", "keys.json is not JSON at byte 20: the string has half of a surrogate pair" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Parse_Unacceptable_NamesPlaceAndRemedy(string text, string expected)
    {
        var problems = new List<string>();
        Assert.Empty(KeyFile.Parse("keys.json", Encoding.UTF8.GetBytes(text), problems));
        Assert.StartsWith(expected, problems[0], StringComparison.Ordinal);
        Assert.All(problems, problem => Assert.DoesNotContain("kv_secret", problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_AbsentFile_SaysHowToMakeIt()
    {
        var problems = new List<string>();
        KeyFile.Read("/absent/keys.json", problems);
        Assert.Equal("The key file /absent/keys.json does not exist. Make a key with: keys new --name NAME --rights read,write --file /absent/keys.json.", Assert.Single(problems));
    }

    private static string Keys(string keys) => $"{{\"keys\": [{keys}]}}";

    private static string Key(string members) => $"{{\"name\": \"a\", \"hash\": \"{Hash}\", {members}}}";
}
