using System.Buffers.Binary;
using System.Text;
using FedJob.Abstractions;
using MessagePack;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// Writes values as Fed-BioMed's serializer does, byte for byte: shortest integers and lengths, every float in 64 bits, typed values with
/// <c>__type__</c> first.
/// </summary>
internal ref struct ValueEncoder
{
    // Below this, copying is cheaper than a write of its own.
    private const int CopiedBytes = 1 << 12;

    private readonly ByteSink _sink;
    private MessagePackWriter _writer;

    private ValueEncoder(ByteSink sink)
    {
        _sink = sink;
        _writer = new MessagePackWriter(sink);
    }

    /// <summary>Writes a tree that <see cref="WriteCheck"/> has passed.</summary>
    public static void Write(ByteSink sink, ParameterValue value)
    {
        var encoder = new ValueEncoder(sink);
        encoder.Write(value);
        encoder._writer.Flush();
        sink.Flush();
    }

    private void Write(ParameterValue value)
    {
        switch (value)
        {
            case ParameterNil:
                _writer.WriteNil();
                break;
            case ParameterBoolean boolean:
                _writer.Write(boolean.Value);
                break;
            case ParameterInteger integer:
                _writer.Write(integer.Value);
                break;
            case ParameterBigInteger integer:
                WriteBigInteger(integer);
                break;
            case ParameterFloat number:
                _writer.Write(number.Value);
                break;
            case ParameterText text:
                WriteText(text.Value);
                break;
            case ParameterBytes bytes:
                WriteBytes(new ParameterTensor(TensorElementType.UInt8, [bytes.Length], bytes.Storage));
                break;
            case ParameterList list:
                WriteItems(list.Array);
                break;
            case ParameterTuple tuple:
                WriteTypeHeader(TypedForm.Tuple);
                WriteItems(tuple.Array);
                break;
            case ParameterMap map:
                WriteMap(map);
                break;
            case ParameterVector vector:
                WriteTypeHeader(TypedForm.Vector);
                WriteMap(vector.Coefficients);
                break;
            case ParameterScalar scalar:
                WriteTypeHeader(TypedForm.NumPyScalar);
                _writer.WriteArrayHeader(2);
                _writer.Write(scalar.Bytes);
                WriteText(TypedForm.NameOf(scalar.ElementType));
                break;
            default:
                WriteTensor(((ParameterTensorValue)value).Tensor);
                break;
        }
    }

    private void WriteTypeHeader(string type)
    {
        _writer.WriteMapHeader(2);
        WriteText(TypedForm.TypeKey);
        WriteText(type);
        WriteText(TypedForm.ValueKey);
    }

    private void WriteBigInteger(ParameterBigInteger integer)
    {
        if (integer.Value <= ulong.MaxValue)
        {
            _writer.Write((ulong)integer.Value);
            return;
        }

        WriteTypeHeader(TypedForm.Integer);
        _writer.Write(integer.Value.ToByteArray(isUnsigned: true, isBigEndian: true));
    }

    private void WriteText(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        _writer.WriteStringHeader(length);
        if (length > 0)
        {
            _writer.Advance(Encoding.UTF8.GetBytes(text, _writer.GetSpan(length)));
        }
    }

    private void WriteItems(ParameterValue[] items)
    {
        _writer.WriteArrayHeader(items.Length);
        foreach (ParameterValue item in items)
        {
            Write(item);
        }
    }

    private void WriteMap(ParameterMap map)
    {
        _writer.WriteMapHeader(map.Count);
        foreach ((ParameterValue key, ParameterValue value) in map.Entries)
        {
            Write(key);
            Write(value);
        }
    }

    private void WriteTensor(ParameterTensor tensor)
    {
        WriteTypeHeader(TypedForm.NameOf(tensor.Kind));
        _writer.WriteArrayHeader(3);
        WriteBytes(tensor);
        WriteText(TypedForm.NameOf(tensor.ElementType));
        _writer.WriteArrayHeader(tensor.Shape.Count);
        foreach (long dimension in tensor.Shape)
        {
            _writer.Write(dimension);
        }
    }

    /// <summary>
    /// Writes the header by hand, since the library would reserve the payload and cannot count beyond 2 GiB, and a large payload past it.
    /// </summary>
    private void WriteBytes(ParameterTensor bytes)
    {
        long length = bytes.ByteCount;
        Span<byte> header = _writer.GetSpan(5);
        switch (length)
        {
            case <= byte.MaxValue:
                header[0] = MessagePackCode.Bin8;
                header[1] = (byte)length;
                _writer.Advance(2);
                break;
            case <= ushort.MaxValue:
                header[0] = MessagePackCode.Bin16;
                BinaryPrimitives.WriteUInt16BigEndian(header[1..], (ushort)length);
                _writer.Advance(3);
                break;
            default:
                header[0] = MessagePackCode.Bin32;
                BinaryPrimitives.WriteUInt32BigEndian(header[1..], (uint)length);
                _writer.Advance(5);
                break;
        }

        if (length <= CopiedBytes && _sink.Holes is null)
        {
            _writer.WriteRaw(bytes.GetBytes(0, (int)length));
            return;
        }

        _writer.Flush(); // after it the library asks the sink for a new buffer, so the sink may be written to directly
        _sink.Write(bytes);
    }
}
