using FedJob.Abstractions;
using Moq;

namespace FedJob.Tests.Abstractions;

public sealed class ModelParametersTests
{
    [Fact]
    public void Indexer_NewAndKnownNames_KeepTheOrder()
    {
        ModelParameters parameters = Model();

        parameters["w"] = ParameterTensor.FromArray(new double[1]);
        parameters["c"] = ParameterTensor.FromArray(new byte[3]);

        Assert.Equal(["w", "b", "c"], parameters.Names);
        Assert.Equal(["w", "b", "c"], parameters.Select(p => p.Key));
        Assert.Equal(8 + 8 + 3, parameters.ByteCount);
        Assert.Equal(3, parameters.Count);
    }

    [Fact]
    public void Indexer_UnknownName_TellsTheKnownOnes()
    {
        var failure = Assert.Throws<KeyNotFoundException>(() => Model()["x"]);

        Assert.Contains("'x'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("w, b", failure.Message, StringComparison.Ordinal);
        Assert.False(Model().TryGetValue("W", out _));
        Assert.True(Model().TryGetValue("w", out _));
    }

    [Fact]
    public void Constructor_NamesOrTensorsThatCannotBe_AreRefused()
    {
        ParameterTensor tensor = ParameterTensor.FromArray(new float[1]);

        Assert.Throws<ArgumentException>(() => new ModelParameters([new("", tensor)]));
        Assert.Throws<ArgumentException>(() => new ModelParameters([new("a", tensor), new("a", tensor)]));
        Assert.Throws<ArgumentNullException>(() => new ModelParameters([new("a", null!)]));
        Assert.Throws<ArgumentNullException>(() => new ModelParameters(null!));
        Assert.Throws<ArgumentException>(() => new ModelParameters { [""] = tensor });
        Assert.Throws<ArgumentNullException>(() => new ModelParameters { ["a"] = null! });
    }

    [Fact]
    public void Constructor_FromAList_KeepsACopyOfIt()
    {
        var tensors = new List<KeyValuePair<string, ParameterTensor>>(Model());
        var parameters = new ModelParameters(tensors);

        tensors.Clear();

        Assert.Equal(2, parameters.Count);
    }

    [Fact]
    public void DescribeDifference_TheSameNamesTypesAndShapes_IsNull()
    {
        var other = new ModelParameters
        {
            ["b"] = ParameterTensor.FromArray(new float[] { 7, 8 }).WithKind(TensorKind.TorchTensor),
            ["w"] = ParameterTensor.FromArray(new float[6], 2, 3),
        };

        Assert.Null(Model().DescribeDifference(other));
        Assert.Throws<ArgumentNullException>(() => other.DescribeDifference(null!));
    }

    [Fact]
    public void DescribeDifference_OtherShape_NamesTensorExpectedAndGot() => Assert.Equal(
        "tensor 'w': expected Float32[2, 3], got Float32[3, 2]",
        Changed(p => p["w"] = ParameterTensor.FromArray(new float[6], 3, 2)));

    [Fact]
    public void DescribeDifference_OtherElementType_NamesTensorExpectedAndGot() => Assert.Equal(
        "tensor 'b': expected Float32[2], got Int32[2]", Changed(p => p["b"] = ParameterTensor.FromArray(new int[2])));

    [Fact]
    public void DescribeDifference_TensorTooMany_NamesItAndTheExpectedOnes() => Assert.Equal(
        "tensor 'x' (Float32[1]) is not part of the model; expected only w, b",
        Changed(p => p["x"] = ParameterTensor.FromArray(new float[1])));

    [Fact]
    public void DescribeDifference_TensorMissing_NamesIt() => Assert.Equal(
        "tensor 'w' is missing; expected Float32[2, 3]",
        new ModelParameters(Model().Skip(1)).DescribeDifference(Model()));

    [Fact]
    public void Dispose_WithAnOwner_DisposesIt()
    {
        var owner = new Mock<IDisposable>();
        var parameters = new ModelParameters([], owner.Object);

        parameters.Dispose();

        owner.Verify(o => o.Dispose(), Times.Once);
        Model().Dispose();
    }

    private static ModelParameters Model() => new()
    {
        ["w"] = ParameterTensor.FromArray(new float[6], 2, 3),
        ["b"] = ParameterTensor.FromArray(new float[2]),
    };

    private static string? Changed(Action<ModelParameters> change)
    {
        ModelParameters changed = Model();
        change(changed);
        return changed.DescribeDifference(Model());
    }
}
