using System.Security.Cryptography;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace KvStore.Server;

/// <summary>Renders a document as a page of HTML, with the anchors and links that it has on GitHub.</summary>
internal static class MarkdownPage
{
    private const string Extension = ".md";

    private const string Style = """
        :root{color-scheme:light dark}
        body{max-width:60rem;margin:0 auto;padding:1rem;font:16px/1.5 system-ui,sans-serif;overflow-wrap:break-word}
        pre,code{font:14px/1.4 ui-monospace,monospace;background:#8882}
        pre{padding:.75rem;overflow-x:auto}pre code{background:none}
        table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border:1px solid #8886;padding:.25rem .5rem;text-align:left;vertical-align:top}
        :target{background:#fc04}
        """;

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseAutoIdentifiers(AutoIdentifierOptions.GitHub).Build();

    /// <summary>Nothing but the style of these pages: no script, no image, no other site.</summary>
    public static string ContentSecurityPolicy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <param name="markdown">The document.</param>
    /// <param name="path">Where it is served.</param>
    /// <param name="served">The paths of all documents.</param>
    /// <param name="pathBase">What the path of every link begins with.</param>
    public static string Of(string markdown, string path, IReadOnlySet<string> served, string pathBase)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var link in document.Descendants<LinkInline>().ToArray())
            Resolve(link, path, served, pathBase);
        var title = document.Descendants<HeadingBlock>().FirstOrDefault()?.Inline?.FirstChild?.ToString();
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title} - KvStore</title><style>{Style}</style></head>
            <body>
            <nav><a href="{pathBase}{Documents.Root}">Documents</a> · <a href="{pathBase}/swagger">Swagger UI</a></nav>
            <main>
            {document.ToHtml(Pipeline)}</main>
            </body>
            </html>

            """;
    }

    /// <summary>Gives a link to another document the path at which that is served, and leaves of a link to any other file, and of a picture, only the text: files that are no documents are not part of the program.</summary>
    private static void Resolve(LinkInline link, string path, IReadOnlySet<string> served, string pathBase)
    {
        if (link.IsImage)
        {
            link.ReplaceBy(new ContainerInline(), copyChildren: true);
            return;
        }

        if (link.Url is not { } url || url.StartsWith('#') || url.Contains("://", StringComparison.Ordinal))
            return;
        var target = new Uri(new Uri("http://documents" + path), url);
        var page = target.AbsolutePath.EndsWith(Extension, StringComparison.Ordinal) ? target.AbsolutePath[..^Extension.Length] : target.AbsolutePath;
        if (served.Contains(page))
            link.Url = pathBase + page + target.Fragment;
        else if (url.StartsWith('/'))
            link.Url = pathBase + url;
        else
            link.ReplaceBy(new ContainerInline(), copyChildren: true);
    }
}
