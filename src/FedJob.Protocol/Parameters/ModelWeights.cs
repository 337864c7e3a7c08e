using FedJob.Abstractions;

namespace FedJob.Protocol.Parameters;

/// <summary>Between <see cref="ModelParameters"/> and the map name -> tensor of a file.</summary>
internal static class ModelWeights
{
    public static ParameterMap ToMap(ModelParameters parameters) => ParameterMap.Create(
        parameters.Select(p => KeyValuePair.Create<string, ParameterValue>(p.Key, new ParameterTensorValue(p.Value))));

    /// <summary>Takes the tensors of a map.</summary>
    /// <param name="fields">What names the file in messages.</param>
    /// <param name="field">The field that holds the map; empty for the root.</param>
    /// <param name="value">What should be the map.</param>
    /// <param name="owner">What holds the tensors' bytes.</param>
    /// <returns>The tensors.</returns>
    /// <exception cref="ParameterFormatException">The value is no map name -> tensor.</exception>
    public static ModelParameters FromMap(FieldReader fields, string field, ParameterValue value, IDisposable owner)
    {
        if (value is not ParameterMap map)
        {
            throw fields.Wrong(field, "a map of tensors", value);
        }

        var tensors = new KeyValuePair<string, ParameterTensor>[map.Count];
        for (int i = 0; i < tensors.Length; i++)
        {
            (ParameterValue key, ParameterValue item) = map.Entries[i];
            if (key is not ParameterText { Value.Length: > 0 } name)
            {
                throw fields.Wrong(field, "a map with non-empty names as keys", $"the key {MapPath.Format(key)}");
            }

            if (item is not ParameterTensorValue tensor)
            {
                string place = (field.Length == 0 ? "" : field + ".") + MapPath.Printable(name.Value);
                throw fields.Wrong(place, "an np.ndarray or torch.Tensor", item);
            }

            tensors[i] = KeyValuePair.Create(name.Value, tensor.Tensor);
        }

        return new ModelParameters(tensors, owner);
    }
}
