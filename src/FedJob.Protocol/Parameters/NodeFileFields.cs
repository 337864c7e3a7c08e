using System.Numerics;
using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>The fields of a node's parameter file.</summary>
internal static class NodeFileFields
{
    private const string AuxiliaryVariables = "optim_aux_var";
    private const string Encrypted = "encrypted";
    private const string EncryptionFactor = "encryption_factor";
    private const string ResearcherId = "researcher_id";
    private const string JobId = "job_id";
    private const string StateId = "state_id";
    private const string Weights = "model_weights";
    private const string NodeId = "node_id";
    private const string OptimizerArgs = "optimizer_args";

    /// <summary>Reads the fields.</summary>
    /// <exception cref="ParameterFormatException">One is missing, unknown or of the wrong type.</exception>
    public static NodeParametersFile Read(FieldReader fields, IDisposable owner)
    {
        fields.RequireOnly(
            AuxiliaryVariables, Encrypted, EncryptionFactor, ResearcherId, JobId, StateId, Weights, NodeId, OptimizerArgs);
        bool encrypted = fields.RequireBoolean(Encrypted);
        if (!encrypted && fields.Find(EncryptionFactor) is { } factor)
        {
            throw fields.Wrong(EncryptionFactor, "absent, since 'encrypted' is False", factor);
        }

        return new NodeParametersFile
        {
            AuxiliaryVariables = ReadAuxiliaryVariables(fields),
            EncryptionFactor = encrypted ? fields.RequireCiphertexts(EncryptionFactor) : null,
            ResearcherId = fields.RequireId(ResearcherId),
            JobId = fields.RequireId(JobId),
            StateId = fields.RequireIdOrNone(StateId),
            EncryptedParameters = encrypted ? fields.RequireCiphertexts(Weights) : null,
            Parameters = encrypted
                ? new ModelParameters([], owner)
                : ModelWeights.FromMap(fields, Weights, fields.Require(Weights, "a map of tensors"), owner),
            NodeId = fields.RequireId(NodeId),
            OptimizerArgs = JsonConversion.ToJson(fields.RequireMap(OptimizerArgs), OptimizerArgs, fields.Wrong),
        };
    }

    /// <summary>Gives the fields in the order in which a Fed-BioMed node writes them.</summary>
    /// <exception cref="InvalidOperationException">What is set contradicts itself.</exception>
    public static ParameterMap ToMap(NodeParametersFile file)
    {
        if ((file.EncryptedParameters is null) != (file.EncryptionFactor is null))
        {
            throw new InvalidOperationException("EncryptedParameters and EncryptionFactor belong together: set both or neither.");
        }

        if (file.Encrypted && file.Parameters.Count > 0)
        {
            throw new InvalidOperationException(
                $"Parameters has {file.Parameters.Count} tensors beside EncryptedParameters: clear parameters must not be sent along.");
        }

        var entries = new List<KeyValuePair<string, ParameterValue>>
        {
            new(AuxiliaryVariables, file.AuxiliaryVariables),
            new(Encrypted, new ParameterBoolean(file.Encrypted)),
        };
        if (file.EncryptionFactor is { } factor)
        {
            entries.Add(new(EncryptionFactor, ToList(factor)));
        }

        entries.Add(new(ResearcherId, new ParameterText(file.ResearcherId)));
        entries.Add(new(JobId, new ParameterText(file.JobId)));
        entries.Add(new(StateId, file.StateId is null ? ParameterNil.Instance : new ParameterText(file.StateId)));
        entries.Add(new(Weights, file.EncryptedParameters is { } numbers ? ToList(numbers) : ModelWeights.ToMap(file.Parameters)));
        entries.Add(new(NodeId, new ParameterText(file.NodeId)));
        entries.Add(new(OptimizerArgs, JsonConversion.FromJson(file.OptimizerArgs)));
        return ParameterMap.Create(entries);
    }

    private static ParameterMap ReadAuxiliaryVariables(FieldReader fields)
    {
        ParameterMap modules = fields.RequireMap(AuxiliaryVariables);
        foreach ((ParameterValue module, ParameterValue state) in modules.Entries)
        {
            if (module is not ParameterText name)
            {
                throw fields.Wrong(AuxiliaryVariables, "a map with the names of modules as keys", $"the key {MapPath.Format(module)}");
            }

            if (state is not ParameterMap)
            {
                throw fields.Wrong($"{AuxiliaryVariables}.{MapPath.Printable(name.Value)}", "a map of the module's states", state);
            }
        }

        return modules;
    }

    private static ParameterList ToList(IReadOnlyList<BigInteger> numbers) => new(numbers.Select(ParameterInteger.From));
}
