using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using FedJob.Abstractions;
using FedJob.Protocol.Messages;

namespace FedJob.Checkpoints;

/// <summary>Reads the fields of a breakpoint.</summary>
internal sealed class FedBioMedReader
{
    private const string KnownVersion = "1";
    private const int LongestClassName = 256;

    private readonly List<string> _problems = [];
    private readonly FedBioMedFiles _files;
    private readonly FedBioMedLocation _location;

    private FedBioMedReader(string directory)
    {
        _location = FedBioMedLocation.Find(directory, _problems);
        _files = new FedBioMedFiles(_location.Directory, _problems);
    }

    public static FedBioMedBreakpoint Read(string directory)
    {
        var reader = new FedBioMedReader(directory);
        using FedBioMedDocument document = FedBioMedDocument.Open(reader._location.JsonFile);
        return reader.Read(document.Root);
    }

    private FedBioMedBreakpoint Read(FedBioMedJson root)
    {
        string version = root.Field("breakpoint_version").Text();
        if (version != KnownVersion)
        {
            throw root.Field("breakpoint_version").Wrong($"\"{KnownVersion}\", the version that Fed-BioMed 4.5.0 writes", FedJobErrorCode.CheckpointVersionUnknown);
        }

        FedBioMedJson job = root.Field("job");
        int round = (int)root.Field("round_current").Whole(0, int.MaxValue);
        SortedDictionary<int, string?> aggregated = Aggregated(root.Field("aggregated_params"));
        var breakpoint = new FedBioMedBreakpoint
        {
            Directory = _location.Directory,
            Version = version,
            JobId = job.Field("job_id").Id(),
            ResearcherId = job.Field("researcher_id").Id(),
            Round = round,
            RoundLimit = (int?)root.Field("round_limit").OrNull()?.Whole(0, int.MaxValue),
            TrainingPlanClass = ClassName(root.Field("training_plan_class")),
            TrainingPlanFile = _files.Find(root.Field("training_plan_path")),
            TrainingArgs = Arguments(root.Field("training_args")),
            TrainingArgsAsWritten = root.Field("training_args").ToJsonObject(),
            ModelArgs = root.Field("model_args").OrNull()?.ToJsonObject() ?? [],
            Data = FedBioMedDatasets.Read(root.Field("training_data")),
            Tags = [.. root.Field("tags").OrNull()?.Items().Select(t => t.Text()) ?? []],
            StateIds = StateIds(job.Field("node_state").Field("collection_state_ids")),
            ParametersFile = Current(job.Field("model_params_path"), round, aggregated),
            AggregatedParametersFiles = aggregated,
            Replies = [.. job.Field("training_replies").Items().Select(r => (IReadOnlyList<FedBioMedReply>)[.. r.Items().Select(Reply)])],
            Aggregator = Aggregator(root.Field("aggregator")),
            AggregatorOptimizerFile = Optimizer(root.Optional("agg_optimizer")),
            NodeSelection = root.Optional("node_selection_strategy")?.ToJsonObject(),
            SecureAggregation = SecureAggregation(root.Optional("secagg")),
        };
        return breakpoint with { Problems = [.. _problems] };
    }

    private static string ClassName(FedBioMedJson field)
    {
        string name = field.Text();
        return name.Length is > 0 and <= LongestClassName && name.All(c => char.IsLetterOrDigit(c) || c is '_' or '.')
            ? name
            : throw field.Wrong($"a class name of at most {LongestClassName} characters");
    }

    private TrainingArgs? Arguments(FedBioMedJson field)
    {
        if (!field.IsObject)
        {
            throw field.Wrong("an object");
        }

        try
        {
            TrainingArgs args = TrainingArgsJson.Read(field.Element);
            args.Validate(training: false);
            return args;
        }
        catch (Exception refused) when (refused is MessageFormatException or ArgumentException)
        {
            // What a node would refuse, FedJob refuses before: told, so that the rest can still be read.
            _problems.Add($"{field.Path}: {refused.Message} The job cannot go on with these arguments.");
            return null;
        }
    }

    private static SortedDictionary<string, string> StateIds(FedBioMedJson field)
    {
        var ids = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string nodeId, FedBioMedJson value) in field.Members())
        {
            if (value.OrNull() is { } id)
            {
                ids.Add(FedBioMedDatasets.NodeId(nodeId, value), id.Id());
            }
        }

        return ids;
    }

    private SortedDictionary<int, string?> Aggregated(FedBioMedJson field)
    {
        var files = new SortedDictionary<int, string?>();
        foreach ((string name, FedBioMedJson value) in field.Members())
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int round) || !files.TryAdd(round, null))
            {
                throw value.Wrong("named by the number of its round, once");
            }

            files[round] = _files.Find(value.Field("params_path"));
        }

        return files;
    }

    /// <summary>The current parameters. Where their file is missing, those aggregated in the last round are the same ones.</summary>
    private string? Current(FedBioMedJson field, int round, SortedDictionary<int, string?> aggregated)
    {
        string? current = _files.Find(field);
        if (current is null && aggregated.GetValueOrDefault(round - 1) is { } last)
        {
            _problems.Add($"{field.Path}: repaired: the parameters aggregated in round {round - 1} ('{Path.GetFileName(last)}') were taken.");
            return last;
        }

        return current;
    }

    private FedBioMedReply Reply(FedBioMedJson reply)
    {
        FedBioMedJson? timing = reply.Optional("timing");
        return new FedBioMedReply
        {
            NodeId = reply.Field("node_id").Id(),
            Success = reply.Field("success").Flag(),
            Text = reply.Optional("msg")?.Text() ?? string.Empty,
            DatasetId = reply.Optional("dataset_id")?.Id(),
            StateId = reply.Optional("state_id")?.Id(),
            ParametersFile = _files.Find(reply.Optional("params_path")),
            OptimizerArgs = reply.Optional("optimizer_args")?.ToJsonObject(),
            AuxiliaryVariables = reply.Optional("optim_aux_var")?.ToJsonObject(),
            SampleCount = reply.Optional("sample_size")?.Whole(0, MessageLimits.MaximumSampleCount),
            EncryptionFactor = reply.Optional("encryption_factor") is { } factor ? Factor(factor) : null,
            Timing = Seconds(timing, "rtime_training") is { } elapsed && Seconds(timing, "ptime_training") is { } processor
                ? TrainTiming.FromSeconds(elapsed, processor)
                : null,
            TotalSeconds = Seconds(timing, "rtime_total"),
        };
    }

    private static BigInteger[] Factor(FedBioMedJson field) => field.IsArray ? [.. field.Items().Select(i => i.Integer())] : [field.Integer()];

    private static double? Seconds(FedBioMedJson? timing, string name) => timing?.Optional(name)?.Number(0, MessageLimits.MaximumTrainingSeconds);

    private FedBioMedAggregator Aggregator(FedBioMedJson field)
    {
        FedBioMedJson? parameters = field.Optional("parameters");
        var corrections = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach ((string nodeId, FedBioMedJson value) in parameters?.Optional("aggregator_correction")?.Members() ?? [])
        {
            corrections.Add(FedBioMedDatasets.NodeId(nodeId, value), _files.Find(value));
        }

        if (corrections.Count > 0)
        {
            NotTakenOver(field);
        }

        return new FedBioMedAggregator
        {
            ClassName = field.Field("class").Text(),
            ModuleName = field.Field("module").Text(),
            Parameters = parameters?.ToJsonObject(),
            ServerLearningRate = parameters?.Optional("server_lr")?.Number(double.MinValue, double.MaxValue),
            GlobalStateFile = _files.Find(parameters?.Optional("global_state_filename")),
            CorrectionFiles = corrections,
        };
    }

    private string? Optimizer(FedBioMedJson? field)
    {
        if (field is { } optimizer)
        {
            NotTakenOver(optimizer);
        }

        return _files.Find(field);
    }

    private void NotTakenOver(FedBioMedJson field) =>
        _problems.Add($"{field.Path}: its state is only data here; a job that goes on begins anew with the rule of ResumeOptions.Aggregator.");

    private JsonObject? SecureAggregation(FedBioMedJson? field)
    {
        if (field?.Optional("arguments")?.Optional("active")?.Flag() == true)
        {
            _problems.Add("secagg: the job aggregated securely; its keys are not taken over. Give ResumeOptions.SecureAggregation to go on with it.");
        }

        return field?.ToJsonObject();
    }
}
