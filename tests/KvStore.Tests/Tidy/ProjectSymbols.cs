using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KvStore.Tests;

/// <summary>A reference in the code of a project to a type of the same project.</summary>
/// <param name="FromFile">The file that refers, below the project.</param>
/// <param name="From">The type that refers.</param>
/// <param name="ToFiles">The files that declare what is referred to, below the project.</param>
/// <param name="To">The type that is referred to.</param>
internal sealed record TypeReference(string FromFile, string From, IReadOnlyList<string> ToFiles, string To);

/// <summary>
/// Compiles a project from its sources. What comes from packages stays unresolved, because only references within the project
/// matter; the shared frameworks and the projects below resolve, so that the types of expressions are known.
/// </summary>
internal sealed class ProjectSymbols
{
    private static readonly string[] Usings =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks",
        "System.Net.Http.Json", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Routing",
        "Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging",
    ];

    private static readonly MetadataReference[] Frameworks = [.. FrameworkFiles().Select(file => MetadataReference.CreateFromFile(file))];

    private readonly string _project;
    private readonly CSharpCompilation _compilation;

    public ProjectSymbols(string project, IEnumerable<ProjectSymbols> below)
    {
        _project = project;
        var usings = CSharpSyntaxTree.ParseText(string.Concat(Usings.Concat(UsingsOf(project)).Select(name => $"global using {name};")));
        _compilation = CSharpCompilation.Create(
            Path.GetFileName(project),
            [usings, .. SourceTree.Files(project, "*.cs").Select(file => CSharpSyntaxTree.ParseText(SourceTree.Read(file), path: file[(project.Length + 1)..]))],
            [.. Frameworks, .. below.Select(other => other._compilation.ToMetadataReference())],
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, allowUnsafe: true));
    }

    private static IEnumerable<string> UsingsOf(string project) =>
        XDocument.Parse(SourceTree.Read($"{project}/{Path.GetFileName(project)}.csproj")).Descendants("Using").Select(item => item.Attribute("Include")!.Value);

    public IEnumerable<(string File, string Namespace)> Namespaces =>
        from tree in _compilation.SyntaxTrees
        from node in tree.GetRoot().DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>()
        select ($"{_project}/{tree.FilePath}", node.Name.ToString());

    /// <summary>All references, without those in comments and those of a file to itself.</summary>
    public IEnumerable<TypeReference> References() =>
        from tree in _compilation.SyntaxTrees
        let model = _compilation.GetSemanticModel(tree)
        from node in tree.GetRoot().DescendantNodes()
        where node is SimpleNameSyntax or ImplicitObjectCreationExpressionSyntax
        let found = model.GetSymbolInfo(node)
        from symbol in found.Symbol is { } one ? [one] : found.CandidateSymbols
        let reference = ReferenceOf(tree, node, symbol)
        where reference is not null && !reference.ToFiles.Contains(reference.FromFile)
        select reference;

    // What a member needs is the file that declares the member: a type may be spread over files.
    private TypeReference? ReferenceOf(SyntaxTree tree, SyntaxNode node, ISymbol symbol)
    {
        var type = symbol as ITypeSymbol ?? symbol.ContainingType;
        if (symbol is ILocalSymbol or IParameterSymbol or IRangeVariableSymbol or INamespaceSymbol or ITypeParameterSymbol ||
            type?.OriginalDefinition is not INamedTypeSymbol to || !SymbolEqualityComparer.Default.Equals(to.ContainingAssembly, _compilation.Assembly))
            return null;
        var files = symbol.OriginalDefinition.DeclaringSyntaxReferences.Concat(to.DeclaringSyntaxReferences).Select(declaration => declaration.SyntaxTree.FilePath);
        return new TypeReference(tree.FilePath, NameOf(node), [.. files.Distinct()], Outermost(to).Name);
    }

    private static string NameOf(SyntaxNode node) =>
        node.Ancestors().OfType<BaseTypeDeclarationSyntax>().LastOrDefault()?.Identifier.Text ?? "Program";

    private static INamedTypeSymbol Outermost(INamedTypeSymbol type) => type.ContainingType is { } outer ? Outermost(outer) : type;

    private static IEnumerable<string> FrameworkFiles()
    {
        var runtime = new DirectoryInfo(Path.GetDirectoryName(typeof(object).Assembly.Location)!);
        var web = Path.Combine(runtime.Parent!.Parent!.FullName, "Microsoft.AspNetCore.App", runtime.Name);
        return Directory.EnumerateFiles(runtime.FullName, "*.dll").Concat(Directory.EnumerateFiles(web, "*.dll")).Where(IsManaged);
    }

    private static bool IsManaged(string file)
    {
        using var stream = File.OpenRead(file);
        using var image = new System.Reflection.PortableExecutable.PEReader(stream);
        return image.HasMetadata;
    }
}
