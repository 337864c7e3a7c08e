using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>Texts that stand in every file many times: one object for each serves all readers.</summary>
internal static class SharedTexts
{
    private static readonly ParameterText EmptyText = new("");
    private static readonly ParameterText[] Characters = [.. Enumerable.Range(0, 128).Select(c => new ParameterText(((char)c).ToString()))];
    private static readonly (byte[] Utf8, ParameterText Text)[] Names =
    [
        .. new[]
        {
            TypedForm.TypeKey, TypedForm.ValueKey, TypedForm.Tuple, TypedForm.Integer, TypedForm.NumPyArray, TypedForm.NumPyScalar,
            TypedForm.TorchTensor, TypedForm.Vector,
        }
        .Concat(Enum.GetValues<TensorElementType>().Select(TypedForm.NameOf))
        .Select(name => (System.Text.Encoding.UTF8.GetBytes(name), new ParameterText(name))),
    ];

    public static ParameterText TypeKey { get; } = Find("__type__"u8)!;

    public static ParameterText ValueKey { get; } = Find("value"u8)!;

    public static ParameterText? Find(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length <= 1)
        {
            return utf8.IsEmpty ? EmptyText : Characters[utf8[0]];
        }

        foreach ((byte[] name, ParameterText text) in Names)
        {
            if (name.Length == utf8.Length && name.AsSpan().SequenceEqual(utf8))
            {
                return text;
            }
        }

        return null;
    }
}
