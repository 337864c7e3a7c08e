using System.Text;
using FedJob.Abstractions;
using FedJob.Protocol.Parameters;

namespace FedJob.Tests.Protocol.Parameters;

/// <summary>Bytes and values that several tests make.</summary>
internal static class Wire
{
    public static byte[] Text(string text) => [(byte)(0xA0 + Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    /// <summary>{"__type__": type, "value": value}.</summary>
    public static byte[] Typed(string type, params byte[] value) => [0x82, .. Text("__type__"), .. Text(type), .. Text("value"), .. value];

    /// <summary>An np.ndarray with a payload of zeros and any shape.</summary>
    public static byte[] Array(string dtype, int payload, params byte[] shape) =>
        Typed("np.ndarray", [0x93, 0xC4, (byte)payload, .. new byte[payload], .. Text(dtype), .. shape]);

    /// <summary>{"model_weights": {"w": tensor}}.</summary>
    public static byte[] Weights(params byte[] tensor) => [0x81, .. Text("model_weights"), 0x81, .. Text("w"), .. tensor];

    public static ParameterMap Map(params (string Key, ParameterValue Value)[] entries) =>
        ParameterMap.Create(entries.Select(e => KeyValuePair.Create(e.Key, e.Value)));

    public static ModelParameters Model() => new()
    {
        ["weight"] = ParameterTensor.FromMemory<float>(new float[] { 1, 2, 3, 4, 5, 6 }, [2, 3], TensorKind.TorchTensor),
        ["bias"] = ParameterTensor.FromMemory<float>(new float[] { 0.5f, -0.5f }, [2], TensorKind.TorchTensor),
    };
}
