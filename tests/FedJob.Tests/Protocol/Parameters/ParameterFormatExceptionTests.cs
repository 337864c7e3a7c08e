using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Protocol.Parameters;

public sealed class ParameterFormatExceptionTests
{
    [Fact]
    public async Task Open_FileThatIsNoMessagePack_TypedWithTheOffset()
    {
        string path = Path.GetTempFileName();
        await File.WriteAllBytesAsync(path, [0x81, 0xA1, (byte)'a', 0xC1], TestContext.Current.CancellationToken);

        ParameterFormatException thrown = Assert.Throws<ParameterFormatException>(() => AggregatedParametersFile.Open(path));

        Assert.Equal((FedJobErrorCode.ParameterFormatInvalid, 3L), (thrown.Code, thrown.Offset));
        File.Delete(path);
    }
}
