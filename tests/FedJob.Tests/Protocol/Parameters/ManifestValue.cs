using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Protocol.Parameters;

/// <summary>Holds a value that was read against what a manifest says Fed-BioMed's reader made of the same file.</summary>
internal static class ManifestValue
{
    public static void AssertMatches(JsonElement expected, ParameterValue actual)
    {
        switch (expected.GetProperty("type").GetString())
        {
            case "NoneType":
                Assert.IsType<ParameterNil>(actual);
                break;
            case "bool":
                Assert.Equal(expected.GetProperty("value").GetBoolean(), Assert.IsType<ParameterBoolean>(actual).Value);
                break;
            case "int":
                Assert.Equal(BigInteger.Parse(expected.GetProperty("value").ToString(), CultureInfo.InvariantCulture), ToInteger(actual));
                break;
            case "float":
                long bits = BitConverter.DoubleToInt64Bits(Assert.IsType<ParameterFloat>(actual).Value);
                Assert.Equal(expected.GetProperty("ieee754_be").GetString(), bits.ToString("x16", CultureInfo.InvariantCulture));
                break;
            case "str":
                AssertIfListed(expected, "value", v => Assert.Equal(v.GetString(), Assert.IsType<ParameterText>(actual).Value));
                break;
            case "bytes":
                byte[] bytes = Assert.IsType<ParameterBytes>(actual).ToArray();
                AssertIfListed(expected, "hex", hex => Assert.Equal(hex.GetString(), Convert.ToHexStringLower(bytes)));
                break;
            case "list":
                AssertIfListed(expected, "items", items => AssertItems(items, Assert.IsType<ParameterList>(actual).Items));
                break;
            case "tuple":
                AssertIfListed(expected, "items", items => AssertItems(items, Assert.IsType<ParameterTuple>(actual).Items));
                break;
            case "dict":
                AssertIfListed(expected, "items", items => AssertEntries(items, Assert.IsType<ParameterMap>(actual)));
                break;
            case "np.ndarray":
                AssertTensor(expected, TensorKind.NumPyArray, expected.GetProperty("dtype").GetString()!, actual);
                break;
            case "torch.Tensor":
                AssertTensor(expected, TensorKind.TorchTensor, expected.GetProperty("dtype").GetString()!["torch.".Length..], actual);
                break;
            case "np.generic":
                var scalar = Assert.IsType<ParameterScalar>(actual);
                Assert.Equal(expected.GetProperty("dtype").GetString(), scalar.ElementType.ToString().ToLowerInvariant());
                Assert.Equal(expected.GetProperty("bytes").GetString(), Convert.ToHexStringLower(BytesOf(scalar)));
                break;
            case "Vector":
                ParameterMap coefficients = Assert.IsType<ParameterVector>(actual).Coefficients;
                JsonProperty[] coefs = [.. expected.GetProperty("coefs").EnumerateObject()];
                Assert.Equal(coefs.Select(c => c.Name), coefficients.Entries.Select(e => ((ParameterText)e.Key).Value));
                Assert.All(coefs.Index(), c => AssertMatches(c.Item.Value, coefficients.Entries[c.Index].Value));
                break;
            default:
                Assert.Fail($"Nothing is known of the type {expected.GetProperty("type")}.");
                break;
        }
    }

    private static void AssertIfListed(JsonElement expected, string property, Action<JsonElement> assert)
    {
        if (expected.TryGetProperty(property, out JsonElement value))
        {
            assert(value);
        }
        else
        {
            Assert.True(expected.TryGetProperty("note", out _), "neither a value nor a note why there is none");
        }
    }

    private static BigInteger ToInteger(ParameterValue value) => value switch
    {
        ParameterInteger small => small.Value,
        _ => Assert.IsType<ParameterBigInteger>(value).Value,
    };

    private static void AssertItems(JsonElement expected, IReadOnlyList<ParameterValue> actual)
    {
        Assert.Equal(expected.GetArrayLength(), actual.Count);
        for (int i = 0; i < actual.Count; i++)
        {
            AssertMatches(expected[i], actual[i]);
        }
    }

    private static void AssertEntries(JsonElement expected, ParameterMap actual)
    {
        Assert.Equal(expected.GetArrayLength(), actual.Count);
        for (int i = 0; i < actual.Count; i++)
        {
            AssertMatches(expected[i][0], actual.Entries[i].Key);
            AssertMatches(expected[i][1], actual.Entries[i].Value);
        }
    }

    private static void AssertTensor(JsonElement expected, TensorKind kind, string dtype, ParameterValue actual)
    {
        ParameterTensor tensor = Assert.IsType<ParameterTensorValue>(actual).Tensor;
        Assert.Equal(kind, tensor.Kind);
        Assert.Equal(dtype, tensor.ElementType.ToString().ToLowerInvariant());
        Assert.Equal(expected.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64()), tensor.Shape);
        AssertIfListed(expected, "values_row_major", values => Assert.Equal(
            values.EnumerateArray().Select(v => Normalise(v.GetString()!)), ElementsOf(tensor).Select(Normalise)));
    }

    /// <summary>Python's and .NET's spellings of the same number as one text that tells all its bits apart.</summary>
    private static string Normalise(string number)
    {
        if (number.EndsWith("j)", StringComparison.Ordinal))
        {
            int split = number.LastIndexOfAny(['+', '-'], number.Length - 3);
            return $"{Normalise(number[1..split])}|{Normalise(number[split..^2])}";
        }

        return number switch
        {
            "0j" => "0|0",
            "True" or "False" => number,
            "inf" => "Infinity",
            "-inf" => "-Infinity",
            "nan" => "NaN",
            _ when number.AsSpan().ContainsAny('.', 'e', 'E') => FormatDouble(double.Parse(number, CultureInfo.InvariantCulture)),
            _ => number.TrimStart('+'),
        };
    }

    private static IEnumerable<string> ElementsOf(ParameterTensor tensor) => tensor.ElementType switch
    {
        TensorElementType.Float16 => Format<Half>(tensor, v => FormatDouble((double)v)),
        TensorElementType.Float32 => Format<float>(tensor, v => FormatDouble((double)v)),
        TensorElementType.Float64 => Format<double>(tensor, FormatDouble),
        TensorElementType.Int8 => Format<sbyte>(tensor, v => v.ToString(CultureInfo.InvariantCulture)),
        TensorElementType.Int16 => Format<short>(tensor, v => v.ToString(CultureInfo.InvariantCulture)),
        TensorElementType.Int32 => Format<int>(tensor, v => v.ToString(CultureInfo.InvariantCulture)),
        TensorElementType.Int64 => Format<long>(tensor, v => v.ToString(CultureInfo.InvariantCulture)),
        TensorElementType.UInt8 => Format<byte>(tensor, v => v.ToString(CultureInfo.InvariantCulture)),
        TensorElementType.UInt16 => Format<ushort>(tensor, v => v.ToString(CultureInfo.InvariantCulture)),
        TensorElementType.UInt32 => Format<uint>(tensor, v => v.ToString(CultureInfo.InvariantCulture)),
        TensorElementType.UInt64 => Format<ulong>(tensor, v => v.ToString(CultureInfo.InvariantCulture)),
        TensorElementType.Bool => Format<bool>(tensor, v => v.ToString()),
        TensorElementType.Complex128 => Format<Complex>(tensor, v => FormatComplex(v.Real, v.Imaginary)),
        _ => Pairs(tensor),
    };

    private static string[] Format<T>(ParameterTensor tensor, Func<T, string> format)
        where T : unmanaged => Array.ConvertAll(tensor.AsSpan<T>().ToArray(), v => format(v));

    private static IEnumerable<string> Pairs(ParameterTensor tensor)
    {
        float[] parts = MemoryMarshal.Cast<byte, float>(tensor.GetBytes(0, (int)tensor.ByteCount)).ToArray();
        return Enumerable.Range(0, parts.Length / 2).Select(i => FormatComplex(parts[2 * i], parts[(2 * i) + 1]));
    }

    private static string FormatComplex(double real, double imaginary) => string.Create(
        CultureInfo.InvariantCulture, $"({real:R}{imaginary:+0.################;-0.################}j)");

    private static string FormatDouble(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static byte[] BytesOf(ParameterScalar scalar)
    {
        // [{"__type__": "np.generic", "value": [bytes, dtype]}]: the bytes stand behind the two-byte header of a short bytes value.
        byte[] file = ParameterFileWriter.ToArray(scalar);
        int header = file.AsSpan().IndexOf([(byte)0x92, (byte)0xC4]);
        return file[(header + 3)..(header + 3 + file[header + 2])];
    }
}
