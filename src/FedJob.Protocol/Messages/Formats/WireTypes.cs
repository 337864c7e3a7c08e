namespace FedJob.Protocol.Messages.Formats;

/// <summary>The types that the tables of fields are made of.</summary>
internal static class WireTypes
{
    public static readonly TextType Text = new();

    public static readonly IdentifierType Id = new();

    public static readonly WireType<string?> IdOrNull = Id.OrNull();

    /// <summary>A researcher whom a node may not know.</summary>
    public static readonly IdentifierType IdOrUnset = new() { OrUnsetResearcher = true };

    /// <summary>A file that a node is to download.</summary>
    public static readonly UrlType UrlForNodes = new() { ForNodes = true };

    /// <summary>A file that a node names; empty where there is none.</summary>
    public static readonly UrlType UrlOfNode = new() { OrEmpty = true };

    public static readonly BooleanType Boolean = new();

    public static readonly WireType<IReadOnlyList<string>> Texts = new ListType<string>(Text);

    public static readonly FreeObjectType Object = new();

    /// <summary>The number that joins a reply to its request.</summary>
    public static readonly WholeNumberType<int> Sequence = new(0, int.MaxValue);

    /// <summary>How many there are of something in one message.</summary>
    public static readonly WholeNumberType<int> Count = new(0, int.MaxValue);

    public static readonly WholeNumberType<int> AtLeastOne = new(1, int.MaxValue);

    /// <summary>How many samples or batches there are.</summary>
    public static readonly WholeNumberType<long> Samples = new(0, MessageLimits.MaximumSampleCount);

    public static WireType<T?> OrNull<T>(this WireType<T> type)
        where T : class => new OrNullType<T>(type);

    public static WireType<T?> OrNullValue<T>(this WireType<T> type)
        where T : struct => new OrNullValueType<T>(type);
}
