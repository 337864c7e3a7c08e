using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FedJob.Tests.Architecture;

/// <summary>Compilations for rules that ask what a name means, against the assemblies this test runs with.</summary>
internal static class References
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly string[] Platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);

    public static CSharpCompilation Compile(string assemblyName, IEnumerable<SyntaxTree> sources, OutputKind kind = OutputKind.DynamicallyLinkedLibrary) =>
        CSharpCompilation.Create(
            assemblyName,
            [CSharpSyntaxTree.ParseText(ImplicitUsings), .. sources],
            Platform.Where(p => Path.GetFileNameWithoutExtension(p) != assemblyName).Select(p => MetadataReference.CreateFromFile(p)),
            new CSharpCompilationOptions(kind, nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true));

    /// <summary>The public surface of a built assembly, read without loading it.</summary>
    public static IAssemblySymbol Open(string assemblyPath)
    {
        PortableExecutableReference file = MetadataReference.CreateFromFile(assemblyPath);
        CSharpCompilation compilation = Compile(Path.GetFileNameWithoutExtension(assemblyPath), []).AddReferences(file);
        return (IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(file)!;
    }
}
