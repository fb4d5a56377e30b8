using System.Security.Cryptography;
using System.Text;

/// <summary>What a vendor asks for a night.</summary>
internal sealed record Rate(string Hotel, int Price, string Currency)
{
    /// <summary>Made up from the names, and a little different each minute.</summary>
    public static Rate Of(string vendor, string hotel)
    {
        var minute = DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 60;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{hotel} {vendor} {minute}"));
        return new Rate(hotel, 80 + (hash[0] % 90), "EUR");
    }
}
