using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Protocol.Parameters;

public sealed class MalformedTensorTests
{
    public static TheoryData<string, byte[], string> Malformed => new()
    {
        { "dtype unknown", Wire.Array("float33", 4, 0x91, 1), "the dtype 'float33' is unknown" },
        { "dtype in the other spelling", Wire.Array("<f4", 4, 0x91, 1), "the dtype '<f4' is unknown" },
        { "dtype bfloat16", Wire.Array("bfloat16", 2, 0x91, 1), "the dtype 'bfloat16' is unknown" },
        { "object array", Wire.Array("object", 8, 0x91, 1), "the dtype 'object' is unknown" },
        { "dtype is no text", Wire.Typed("np.ndarray", 0x93, 0xC4, 0, 5, 0x90), "must be [bytes, dtype, shape], got [bytes, int, list]" },
        { "shape negative", Wire.Array("float32", 4, 0x91, 0xFF), "shape [-1] has a negative dimension" },
        { "shape negative beside zero", Wire.Array("float32", 0, 0x92, 0, 0xE0), "shape [0, -32] has a negative dimension" },
        {
            "shape overflows", Wire.Array("float32", 4, 0x92, 0xCF, 0x40, 0, 0, 0, 0, 0, 0, 0, 0xCF, 0x40, 0, 0, 0, 0, 0, 0, 0),
            "has more elements than 64 bits can count"
        },
        {
            "shape overflows to the right size", Wire.Array("int8", 0, 0x93, 0xCF, 0x40, 0, 0, 0, 0, 0, 0, 0, 4, 0),
            "has more elements than 64 bits can count"
        },
        { "dimension beyond 64 bits", Wire.Array("float32", 4, 0x91, 0xCF, 0xFF, 0, 0, 0, 0, 0, 0, 0), "whole numbers of 64 bits" },
        { "fewer bytes than the shape", Wire.Array("float32", 8, 0x91, 3), "shape [3] of float32 needs 12 bytes, got 8" },
        { "more bytes than the shape", Wire.Array("float64", 16, 0x90), "shape [] of float64 needs 8 bytes, got 16" },
        { "bytes for an empty shape", Wire.Array("float32", 4, 0x91, 0), "shape [0] of float32 needs 0 bytes, got 4" },
        { "too many dimensions", Wire.Array("int8", 1, [0xDC, 0, 33, .. Enumerable.Repeat((byte)1, 33)]), "at most 32" },
        { "shape of floats", Wire.Array("int8", 1, 0x91, 0xCA, 0x3F, 0x80, 0, 0), "whole numbers" },
        { "shape is no list", Wire.Array("int8", 1, 0xC0), "shape must be a list" },
        {
            "torch cannot", Wire.Typed("torch.Tensor", [0x93, 0xC4, 2, 0, 0, .. Wire.Text("uint16"), 0x91, 1]),
            "a torch.Tensor cannot be uint16"
        },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    [Trait("input", "11")]
    public void Read_TensorThatContradictsItself_IsRefusedNamingTensorExpectedAndGot(string what, byte[] tensor, string reason)
    {
        var refusal = Assert.Throws<ParameterFormatException>(() => ParameterFileReader.Read(Wire.Weights(tensor)));

        Assert.True(refusal.Message.Contains(reason, StringComparison.Ordinal), $"{what}: {refusal.Message}");
        Assert.Contains("in 'model_weights.w'", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(18, refusal.Offset);
    }

    [Theory]
    [InlineData("missing", "tensor 'bias' is missing; expected Float32[2]")]
    [InlineData("extra", "tensor 'more' (Float32[1]) is not part of the model; expected only weight, bias")]
    [InlineData("renamed", "tensor 'bias' is missing; expected Float32[2]")]
    [InlineData("other shape", "tensor 'bias': expected Float32[2], got Float32[1, 2]")]
    [InlineData("other type", "tensor 'bias': expected Float32[2], got Float64[2]")]
    [Trait("input", "11")]
    public async Task Open_NodeFileUnlikeTheModel_TellsTensorExpectedAndGot(string fault, string expected)
    {
        ModelParameters sent = Wire.Model();
        var tensors = sent.ToDictionary(t => t.Key, t => t.Value);
        switch (fault)
        {
            case "missing":
                tensors.Remove("bias");
                break;
            case "extra":
                tensors.Add("more", ParameterTensor.FromArray(new float[1]));
                break;
            case "renamed":
                tensors.Remove("bias", out ParameterTensor? bias);
                tensors.Add("Bias", bias!);
                break;
            default:
                tensors["bias"] = fault == "other shape"
                    ? ParameterTensor.FromArray(new float[2], 1, 2)
                    : ParameterTensor.FromArray(new double[2]);
                break;
        }

        DirectoryInfo folder = Directory.CreateTempSubdirectory("fedjob-");
        try
        {
            string path = Path.Combine(folder.FullName, "node.mpk");
            var file = new NodeParametersFile
            {
                ResearcherId = "r",
                JobId = "j",
                StateId = null,
                NodeId = "n",
                Parameters = new ModelParameters(tensors),
            };
            await file.WriteAsync(path, TestContext.Current.CancellationToken);
            using NodeParametersFile read = NodeParametersFile.Open(path);

            Assert.Equal(expected, read.Parameters.DescribeDifference(sent));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
