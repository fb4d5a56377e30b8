using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace KvStore.SystemTests;

/// <summary>A file with one key that has all rights: a service behind a proxy needs keys.</summary>
internal sealed class TestKey : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public TestKey()
    {
        Token = "kv_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var directory = _directory.New();
        Directory.CreateDirectory(directory);
        (File, TokenFile) = (Path.Combine(directory, "keys.json"), Path.Combine(directory, "token"));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Token)));
        System.IO.File.WriteAllText(File, $$"""{"keys": [{"name": "test", "hash": "{{hash}}", "rights": ["read", "write", "delete", "admin"]}]}""");
        System.IO.File.WriteAllText(TokenFile, Token + "\n");
    }

    public string Token { get; }

    /// <summary>What the setting Keys names.</summary>
    public string File { get; }

    /// <summary>A file with the token alone.</summary>
    public string TokenFile { get; }

    public (string Name, string Value) Setting => ("Keys", File);

    /// <summary>Has a client send it with each request.</summary>
    public void Use(HttpClient client) => client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);

    public void Dispose() => _directory.Dispose();
}
