namespace FedJob.Protocol.Parameters;

/// <summary>
/// One value of a parameter file, as Fed-BioMed 4.5's serializer knows them: <see cref="ParameterNil"/>, <see cref="ParameterBoolean"/>,
/// <see cref="ParameterInteger"/>, <see cref="ParameterBigInteger"/>, <see cref="ParameterFloat"/>, <see cref="ParameterText"/>,
/// <see cref="ParameterBytes"/>, <see cref="ParameterList"/>, <see cref="ParameterTuple"/>, <see cref="ParameterMap"/>,
/// <see cref="ParameterTensorValue"/>, <see cref="ParameterScalar"/> and <see cref="ParameterVector"/>; there are no others.
/// Values are never changed after they were made; they are compared by content, tensors by identity.
/// </summary>
public abstract record ParameterValue
{
    private protected ParameterValue()
    {
    }

    /// <summary>What Python calls such a value; used in messages.</summary>
    internal abstract string PythonType { get; }
}
