using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.IntegrationTests.Scripting;

/// <summary>Train requests as text, so that nothing of the product writes them.</summary>
internal static class TrainRequests
{
    public static async Task<string> NewAsync(EmulatorBench bench, string researcherId)
    {
        using var parameters = new ModelParameters([new("w", ParameterTensor.FromMemory<float>(new float[2], [2], TensorKind.TorchTensor))]);
        byte[] file = ParameterFileWriter.ToArray(ParameterMap.Create([new("model_weights", ModelWeights.ToMap(parameters))]));
        string parametersUrl = await bench.UploadAsync(file, "p.mpk");
        string planUrl = await bench.UploadAsync("class MyPlan:\n    pass\n"u8.ToArray(), "plan.py");
        return $$"""
            {"protocol_version": "1", "researcher_id": "{{researcherId}}", "job_id": "job_1", "state_id": null, "params_url": "{{parametersUrl}}",
             "training_args": {"loader_args": {"batch_size": 32}, "epochs": 1}, "dataset_id": "{{EmulatorBench.Dataset}}", "training": true,
             "model_args": {}, "training_plan_url": "{{planUrl}}", "training_plan_class": "MyPlan", "command": "train",
             "secagg_servkey_id": null, "secagg_biprime_id": null, "secagg_random": null, "secagg_clipping_range": null, "round": 0,
             "aggregator_args": {}, "aux_var_urls": null}
            """;
    }
}
