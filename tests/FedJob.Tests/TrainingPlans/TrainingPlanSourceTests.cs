using FedJob.Abstractions;
using FedJob.Protocol.TrainingPlans;
using FedJob.Tests.Jobs;
using FedJob.Tests.Node;
using FedJob.TrainingPlans;
using Moq;

namespace FedJob.Tests.TrainingPlans;

public sealed class TrainingPlanSourceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(typeof(string), "does not implement ITrainingPlan")]
    [InlineData(typeof(AbstractPlan), "is abstract")]
    [InlineData(typeof(GenericPlan<int>), "is generic")]
    [InlineData(typeof(HiddenPlan), "is not public")]
    [InlineData(typeof(PlanWithArguments), "no public parameterless constructor")]
    [InlineData(typeof(ITrainingPlan), "is no class")]
    public void FromType_NoPlanThatNodesCouldMake_IsRefused(Type type, string reason)
    {
        TrainingPlanException refused = Assert.Throws<TrainingPlanException>(() => TrainingPlanSource.FromType(type));

        Assert.Equal(FedJobErrorCode.TrainingPlanTypeInvalid, refused.Code);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Equal(type.FullName, refused.TypeName);
    }

    [Fact]
    public void FromInstance_TypeMadeAtRunTime_IsRefused() =>
        Assert.Equal(
            FedJobErrorCode.TrainingPlanTypeInvalid,
            Assert.Throws<TrainingPlanException>(() => TrainingPlanSource.FromInstance(new Mock<MeanPlan>().Object)).Code);

    [Fact]
    public async Task PrepareAsync_ConstructorThrows_IsTypedWithItsOwnException()
    {
        TrainingPlanException refused = await Assert.ThrowsAsync<TrainingPlanException>(
            () => TrainingPlanSource.FromType<ThrowingPlan>().PrepareAsync(Token));

        Assert.IsType<NotSupportedException>(refused.InnerException);
    }

    [Fact]
    public async Task PrepareAsync_OwnInstance_IsDisposedAndTheCallersIsNot()
    {
        PreparedPlan own = await TrainingPlanSource.FromType<DisposablePlan>().PrepareAsync(Token);
        var made = (DisposablePlan)own.Instance!;
        using var callers = new DisposablePlan();
        PreparedPlan given = await TrainingPlanSource.FromInstance(callers).PrepareAsync(Token);

        await own.DisposeAsync();
        await given.DisposeAsync();

        Assert.True(made.IsDisposed);
        Assert.False(callers.IsDisposed);
    }

    [Fact]
    public async Task PrepareAsync_NoAssemblyThere_IsTyped() =>
        Assert.Equal(
            FedJobErrorCode.TrainingPlanNotFound,
            (await Assert.ThrowsAsync<TrainingPlanException>(() => TrainingPlanSource.FromAssembly("missing.dll", "Plan").PrepareAsync(Token))).Code);

    [Fact]
    public async Task PrepareAsync_AssemblyWithoutTheType_IsTyped() =>
        Assert.Equal(
            FedJobErrorCode.TrainingPlanTypeInvalid,
            (await Assert.ThrowsAsync<TrainingPlanException>(
                () => TrainingPlanSource.FromAssembly(typeof(Penguins.PenguinPlan).Assembly.Location, "No.Such").PrepareAsync(Token))).Code);

    [Fact]
    public async Task PrepareAsync_PythonModule_TravelsAsItIs()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("plan.py", "class Plan: pass");
        ModelParameters initial = new() { ["w"] = ParameterTensor.FromArray(new float[1]) };

        PreparedPlan plan = await TrainingPlanSource.FromPythonModule(path, "Plan", initial).PrepareAsync(Token);

        Assert.Equal("class Plan: pass", System.Text.Encoding.UTF8.GetString(plan.Bytes.Span));
        Assert.Equal((".py", "Plan"), (plan.FileExtension, plan.ClassName));
        Assert.Null(plan.Instance);
    }

    [Fact]
    public async Task FromPythonModule_BadInput_IsRefused()
    {
        using var folder = new TemporaryFolder();
        ModelParameters initial = new() { ["w"] = ParameterTensor.FromArray(new float[1]) };

        Assert.Throws<ArgumentException>(() => TrainingPlanSource.FromPythonModule("plan.py", "Plan", []));
        Assert.Throws<ArgumentException>(() => TrainingPlanSource.FromPythonModule(" ", "Plan", initial));
        Assert.Equal(FedJobErrorCode.TrainingPlanNotFound, (await Refusal(folder.At("none.py"))).Code);
        Assert.Equal(FedJobErrorCode.TrainingPlanAssemblyInvalid, (await Refusal(folder.Write("empty.py", string.Empty))).Code);

        Task<TrainingPlanException> Refusal(string path) =>
            Assert.ThrowsAsync<TrainingPlanException>(() => TrainingPlanSource.FromPythonModule(path, "Plan", initial).PrepareAsync(Token));
    }

    public abstract class AbstractPlan : MeanPlan;

    public class GenericPlan<T> : MeanPlan
    {
        public T? Value { get; set; }
    }

    public class PlanWithArguments(int number) : MeanPlan
    {
        public int Number => number;
    }

    public class ThrowingPlan : MeanPlan
    {
        public ThrowingPlan() => throw new NotSupportedException("odd");
    }

    public sealed class DisposablePlan : MeanPlan, IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    internal sealed class HiddenPlan : MeanPlan;
}
