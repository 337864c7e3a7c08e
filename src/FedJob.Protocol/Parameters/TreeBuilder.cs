using System.Text;

namespace FedJob.Protocol.Parameters;

/// <summary>
/// The second pass over a parameter file whose framing was checked: makes the values, inside out as Fed-BioMed does. Tensors and bytes
/// become views of the source.
/// </summary>
internal sealed class TreeBuilder
{
    private readonly List<ParameterValue> _path = [];
    private readonly IStorageSource _source;
    private ByteCursor _cursor;
    private AllocationBudget _budget;

    private TreeBuilder(ByteCursor cursor, IStorageSource source)
    {
        _cursor = cursor;
        _source = source;
        _budget = new AllocationBudget(cursor.Length);
    }

    /// <summary>Reads a whole parameter file.</summary>
    /// <param name="start">Its first byte; readable until this method returns.</param>
    /// <param name="length">Its length.</param>
    /// <param name="name">How messages call it.</param>
    /// <param name="source">Where views of its bytes come from.</param>
    /// <returns>The value it holds.</returns>
    /// <exception cref="ParameterFormatException">It is not well formed.</exception>
    public static unsafe ParameterValue Read(byte* start, long length, string name, IStorageSource source)
    {
        var cursor = new ByteCursor(start, length, name);
        FramingCheck.Check(cursor);
        return new TreeBuilder(cursor, source).BuildNext();
    }

    private ParameterValue BuildNext()
    {
        Token token = _cursor.Next();
        return token.Kind switch
        {
            TokenKind.Nil => ParameterNil.Instance,
            TokenKind.Boolean => token.Number != 0 ? ParameterBoolean.True : ParameterBoolean.False,
            TokenKind.Integer => BuildInteger(token),
            TokenKind.UnsignedInteger => BuildUnsigned(token),
            TokenKind.Float => BuildFloat(token),
            TokenKind.Text => BuildText(token),
            TokenKind.Bytes => BuildBytes(token),
            TokenKind.Array => BuildList(token),
            _ => BuildMap(token),
        };
    }

    private ParameterInteger BuildInteger(Token token)
    {
        if (!ParameterInteger.IsShared(token.Number))
        {
            Take(24, token);
        }

        return ParameterInteger.From(token.Number);
    }

    private ParameterBigInteger BuildUnsigned(Token token)
    {
        Take(32 + 32, token);
        return new ParameterBigInteger((ulong)token.Number);
    }

    private ParameterFloat BuildFloat(Token token)
    {
        Take(24, token);
        return new ParameterFloat(token.Float);
    }

    private ParameterText BuildText(Token token)
    {
        ReadOnlySpan<byte> utf8 = _cursor.Span(token.Payload, (int)token.Number);
        if (SharedTexts.Find(utf8) is { } shared)
        {
            return shared;
        }

        Take(24 + 30 + (2 * token.Number), token);
        return new ParameterText(Encoding.UTF8.GetString(utf8));
    }

    private ParameterBytes BuildBytes(Token token)
    {
        if (token.Number == 0)
        {
            return ParameterBytes.Empty;
        }

        Take(24 + 40, token);
        return new ParameterBytes(_source.Slice(token.Payload, token.Number));
    }

    private ParameterList BuildList(Token token)
    {
        if (token.Number == 0)
        {
            return ParameterList.Empty;
        }

        if (token.Number > Array.MaxLength)
        {
            throw Error($"a list of {token.Number} items is longer than an array", token);
        }

        Take(24 + 24 + (8 * token.Number), token);
        var items = new ParameterValue[token.Number];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = BuildNext();
        }

        return ParameterList.Over(items);
    }

    private ParameterValue BuildMap(Token token)
    {
        if (token.Number == 0)
        {
            return ParameterMap.Empty;
        }

        if (TensorReader.TryRead(ref _cursor, token, _source, ref _budget, out ParameterTensorValue? tensor))
        {
            return tensor;
        }

        Take(ParameterMap.CostOf(token.Number), token);
        var map = new ParameterMap((int)Math.Min(token.Number, Array.MaxLength));
        for (long i = 0; i < token.Number; i++)
        {
            AppendEntry(map);
        }

        return map.TryGetValue(SharedTexts.TypeKey, out ParameterValue? type) ? BuildTyped(map, type, token) : map;
    }

    private void AppendEntry(ParameterMap map)
    {
        long offset = _cursor.Position;
        ParameterValue key = BuildNext();
        if (!MapKeyComparer.CanBeKey(key))
        {
            throw Error($"a {key.PythonType} cannot be a map's key", offset);
        }

        _path.Add(key);
        ParameterValue value = BuildNext();
        _path.RemoveAt(_path.Count - 1);
        if (!map.TryAppend(key, value))
        {
            throw Error($"the key {MapPath.Format(key)} stands twice in one map", offset);
        }
    }

    /// <summary>
    /// Decodes <c>{"__type__": T, "value": V}</c>; only a map whose <c>__type__</c> is no text and that has no value is a plain map.
    /// </summary>
    private ParameterValue BuildTyped(ParameterMap map, ParameterValue type, Token token)
    {
        bool hasValue = map.TryGetValue(SharedTexts.ValueKey, out ParameterValue? value);
        if (type is not ParameterText name)
        {
            return hasValue
                ? throw Error($"__type__ beside 'value' is a {type.PythonType}; expected the name of a type", token)
                : map;
        }

        if (!TypedValueReader.IsKnown(name.Value))
        {
            throw Error($"__type__ is '{MapPath.Printable(name.Value)}'; expected one of {TypedValueReader.KnownNames}", token);
        }

        if (!hasValue || map.Count != 2)
        {
            throw Error(
                $"a typed value must have the keys '__type__' and 'value' and no others; this {name.Value} has {map.Count} keys", token);
        }

        Take(TypedValueReader.CostOf(value!), token);
        return TypedValueReader.Read(name.Value, value!, out string? fault) ?? throw Error(fault!, token);
    }

    private void Take(long bytes, Token token)
    {
        if (!_budget.TryTake(bytes))
        {
            throw Error("the values need more than ten times the input's size in memory: too many tiny ones", token);
        }
    }

    private ParameterFormatException Error(string fault, Token token) => Error(fault, token.Offset);

    private ParameterFormatException Error(string fault, long offset) =>
        _cursor.Error(_path.Count == 0 ? fault : $"in {MapPath.Join(_path)}, {fault}", offset);
}
