namespace ConfigurationService;

/// <summary>The settings of the shop, each with a default for what the store does not have.</summary>
internal sealed class ShopOptions
{
    /// <summary>The text of <c>config/shop/title</c>.</summary>
    public string Title { get; set; } = "A shop";

    /// <summary>The JSON object of <c>config/shop/limits</c>.</summary>
    public ShopLimits Limits { get; set; } = new();
}

/// <summary>What the shop takes.</summary>
internal sealed class ShopLimits
{
    /// <summary>Orders a minute.</summary>
    public int Orders { get; set; } = 10;

    /// <summary>The countries it delivers to.</summary>
    public string[] Countries { get; set; } = [];
}
