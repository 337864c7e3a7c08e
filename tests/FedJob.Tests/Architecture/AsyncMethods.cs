using Microsoft.CodeAnalysis;

namespace FedJob.Tests.Architecture;

/// <summary>Whoever waits can be told to stop: a public asynchronous method takes a CancellationToken, last.</summary>
internal static class AsyncMethods
{
    private static readonly string[] Asynchronous = ["Task", "ValueTask", "IAsyncEnumerable"];

    public static IEnumerable<string> WithoutToken(IAssemblySymbol assembly) =>
        from type in TypesIn(assembly.GlobalNamespace)
        from method in type.GetMembers().OfType<IMethodSymbol>()
        where IsVisible(type) && IsVisible(method) && method.MethodKind == MethodKind.Ordinary && !method.IsOverride
        where Asynchronous.Contains(method.ReturnType.Name) && !IsDispose(method)
        where method.Parameters.LastOrDefault()?.Type.Name != nameof(CancellationToken)
        select $"{type.Name}.{method.Name} takes no CancellationToken as its last parameter";

    private static bool IsDispose(IMethodSymbol method) => method.Name == nameof(IAsyncDisposable.DisposeAsync) && method.Parameters.IsEmpty;

    private static bool IsVisible(ISymbol? symbol) =>
        symbol is null || (symbol.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal
            && IsVisible(symbol.ContainingType));

    private static IEnumerable<INamedTypeSymbol> TypesIn(INamespaceOrTypeSymbol container) => container.GetMembers().SelectMany(member => member switch
    {
        INamedTypeSymbol type => TypesIn(type).Prepend(type),
        INamespaceSymbol inner => TypesIn(inner),
        _ => [],
    });
}
