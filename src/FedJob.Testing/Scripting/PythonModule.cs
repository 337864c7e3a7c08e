using System.Text;
using System.Text.RegularExpressions;

namespace FedJob.Testing.Scripting;

/// <summary>As much as can be told of a Python module without running it.</summary>
internal sealed partial class PythonModule
{
    private PythonModule(string? problem, IReadOnlyList<string> classes) => (Problem, Classes) = (problem, classes);

    /// <summary>The exception its import raises, as Python shows it; null when it imports.</summary>
    public string? Problem { get; }

    /// <summary>The classes at its top level.</summary>
    public IReadOnlyList<string> Classes { get; }

    public static PythonModule Read(byte[] source)
    {
        if (source.AsSpan().Contains((byte)0))
        {
            return new PythonModule(PythonText.Raised("ValueError", "source code string cannot contain null bytes"), []);
        }

        string text = Encoding.UTF8.GetString(source).ReplaceLineEndings("\n");
        string bare = Quoted().Replace(text, "");
        foreach ((char open, char close) in (ReadOnlySpan<(char, char)>)[('{', '}'), ('(', ')'), ('[', ']')])
        {
            if (bare.Count(c => c == open) > bare.Count(c => c == close))
            {
                return new PythonModule(PythonText.Raised("SyntaxError", $"'{open}' was never closed"), []);
            }
        }

        Match raised = Raise().Match(text);
        return new PythonModule(
            raised.Success ? PythonText.Raised(raised.Groups["type"].Value, raised.Groups["text"].Value) : null,
            [.. Class().Matches(text).Select(m => m.Groups["name"].Value)]);
    }

    [GeneratedRegex("\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\\\.|[^\"\\\\\n])*\"|'(?:\\\\.|[^'\\\\\n])*'|#[^\n]*", RegexOptions.Singleline, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex("^raise (?<type>\\w+)\\([\"'](?<text>.*)[\"']\\)", RegexOptions.Multiline, 1000)]
    private static partial Regex Raise();

    [GeneratedRegex("^class[ \\t]+(?<name>\\w+)", RegexOptions.Multiline, 1000)]
    private static partial Regex Class();
}
