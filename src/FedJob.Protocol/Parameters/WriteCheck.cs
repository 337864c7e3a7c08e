using System.Text;
using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// Looks a tree of values over before a byte of it is written: what passes can be written, and Python and FedJob read it back as it was.
/// </summary>
internal sealed class WriteCheck
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<ParameterValue> _path = [];

    private WriteCheck()
    {
    }

    /// <summary>Checks a tree.</summary>
    /// <exception cref="ParameterFormatException">It cannot be written; the message names the place.</exception>
    public static void Check(ParameterValue value) => new WriteCheck().Visit(value, 0);

    private void Visit(ParameterValue value, int depth)
    {
        switch (value)
        {
            case ParameterText text:
                VisitText(text);
                break;
            case ParameterBytes bytes:
                Require(
                    bytes.Length <= TensorShape.MaximumBytes,
                    $"bytes can be at most {TensorShape.MaximumBytes} long, these are {bytes.Length}");
                break;
            case ParameterList list:
                VisitItems(list.Array, depth + 1);
                break;
            case ParameterTuple tuple:
                VisitItems(tuple.Array, depth + 2);
                break;
            case ParameterMap map:
                VisitMap(map, depth + 1);
                break;
            case ParameterVector vector:
                VisitMap(vector.Coefficients, depth + 2);
                break;
            case ParameterTensorValue tensor:
                VisitTensor(tensor.Tensor);
                RequireDepth(depth + 3);
                break;
            case ParameterScalar:
                RequireDepth(depth + 2);
                break;
            case ParameterBigInteger:
                RequireDepth(depth + 1);
                break;
            default:
                break; // None, bool, int and float can always be written
        }
    }

    private void VisitItems(ParameterValue[] items, int depth)
    {
        RequireDepth(depth);
        foreach (ParameterValue item in items)
        {
            Visit(item, depth);
        }
    }

    private void VisitMap(ParameterMap map, int depth)
    {
        RequireDepth(depth);
        if (map.TryGetValue(SharedTexts.TypeKey, out ParameterValue? type))
        {
            Require(
                type is not ParameterText && !map.TryGetValue(SharedTexts.ValueKey, out _),
                "a map with the key '__type__' would be read back as a typed value or be refused; use another key");
        }

        foreach ((ParameterValue key, ParameterValue item) in map.Entries)
        {
            Visit(key, depth);
            _path.Add(key);
            Visit(item, depth);
            _path.RemoveAt(_path.Count - 1);
        }
    }

    private void VisitTensor(ParameterTensor tensor)
    {
        Require(
            tensor.ByteCount <= TensorShape.MaximumBytes,
            $"{tensor} has {tensor.ByteCount} bytes; the format holds at most {TensorShape.MaximumBytes} in one tensor, so split it");
        string? fault = TensorShape.DescribeFault(tensor.Kind, tensor.ElementType, [.. tensor.Shape], tensor.ByteCount);
        Require(fault is null, fault);
    }

    private void VisitText(ParameterText text)
    {
        int length;
        try
        {
            length = StrictUtf8.GetByteCount(text.Value);
        }
        catch (EncoderFallbackException)
        {
            length = -1; // a lone surrogate has no form in UTF-8
        }

        Require(length >= 0, "a text holds half a surrogate pair, which UTF-8 cannot write");
        Require(length <= FramingCheck.MaximumTextBytes, $"a text has {length} bytes; at most {FramingCheck.MaximumTextBytes} are allowed");
    }

    private void RequireDepth(int depth) => Require(
        depth <= FramingCheck.MaximumDepth, $"lists and maps stand more than {FramingCheck.MaximumDepth} deep in each other");

    private void Require(bool allowed, string? fault)
    {
        if (!allowed)
        {
            throw new ParameterFormatException($"The values cannot be written to a parameter file: {MapPath.Join(_path)}: {fault}.");
        }
    }
}
