using System.Xml.Linq;
using KvStore.Client;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Options;

namespace SessionStore;

/// <summary>The keys that cookies are encrypted with, one entry each. A client that may read <c>shop/keys/</c> can forge cookies: give that right to the application alone.</summary>
internal sealed class StoredKeys(IKvStoreClient store) : IXmlRepository
{
    private const string Prefix = "shop/keys/";

    // ASP.NET Core calls both on threads of its own, seldom, and the interface is synchronous.
    public IReadOnlyCollection<XElement> GetAllElements() => Task.Run(ReadAsync).GetAwaiter().GetResult();

    public void StoreElement(XElement element, string friendlyName) => Task.Run(() => store.AppendAsync(Prefix, System.Text.Encoding.UTF8.GetBytes(element.ToString()), "application/xml")).GetAwaiter().GetResult();

    private async Task<List<XElement>> ReadAsync()
    {
        var elements = new List<XElement>();
        await foreach (var entry in store.ListAsync(Prefix, withValues: true))
            elements.Add(XElement.Parse(entry.Text));
        return elements;
    }
}

/// <summary>Has the keys stored there.</summary>
internal sealed class ConfigureStoredKeys(IKvStoreClient store) : IConfigureOptions<KeyManagementOptions>
{
    public void Configure(KeyManagementOptions options) => options.XmlRepository = new StoredKeys(store);
}
