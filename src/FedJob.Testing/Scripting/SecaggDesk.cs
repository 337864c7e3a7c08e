using System.Collections.Concurrent;

namespace FedJob.Testing.Scripting;

/// <summary>The node's secure-aggregation contexts; answers secagg and secagg-delete.</summary>
internal sealed class SecaggDesk(bool hasCertificates, ReplyWriter replies)
{
    private const string Setup = "FB318: Secure aggregation setup error: ";

    private readonly ConcurrentDictionary<(string Id, bool Biprime), bool> _contexts = new();

    public async Task CreateAsync(OrderedDictionary<string, object?> request)
    {
        (bool success, string text) = await TryCreateAsync(request).ConfigureAwait(false);
        await AnswerAsync(request, "secagg", success, text).ConfigureAwait(false);
    }

    public async Task DeleteAsync(OrderedDictionary<string, object?> request)
    {
        string id = (string)request["secagg_id"]!;
        bool success = false;
        string text;
        if (Element(request) is not { } biprime)
        {
            string problem = $"{Setup}received bad message: incorrect `element` {PythonText.Str(request["element"])}";
            text = $"FB321: Secure aggregation delete error: Can not instantiate SecaggManager object {problem}";
            await replies.LogAsync("ERROR", problem).ConfigureAwait(false);
            await replies.LogAsync("ERROR", text).ConfigureAwait(false);
        }
        else
        {
            success = _contexts.TryRemove((id, biprime), out _);
            text = success
                ? "Delete request is successful"
                : "FB321: Secure aggregation delete error: no such secagg context element in node database for "
                    + $"node_id={replies.NodeId} secagg_id={id}";
        }

        await AnswerAsync(request, "secagg-delete", success, text).ConfigureAwait(false);
    }

    /// <summary>Why a train request's secure aggregation is refused; null when it is not.</summary>
    public string? Check(OrderedDictionary<string, object?> request)
    {
        string? key = request["secagg_servkey_id"] as string, biprime = request["secagg_biprime_id"] as string;
        if (string.IsNullOrEmpty(key) && string.IsNullOrEmpty(biprime))
        {
            return null;
        }

        const string Round = "FB314: Node round error";
        if (string.IsNullOrEmpty(key) || string.IsNullOrEmpty(biprime))
        {
            return $"{Round}: Missing secagg context. Please make sure that train request contains both `secagg_servkey_id` and `secagg_biprime_id`.";
        }

        if (request["secagg_random"] is null)
        {
            return $"{Round} Secure aggregation requires to have random value to validate secure aggregation correctness. "
                + "Please add `secagg_random` to the train request";
        }

        return !_contexts.ContainsKey((key, false))
            ? $"{Round}: Server-key/user-key share for secagg: {key} is not existing. Aborting train request."
            : !_contexts.ContainsKey((biprime, true))
                ? $"{Round}: Biprime for secagg: {biprime} is not existing. Aborting train request."
                : null;
    }

    private static bool? Element(OrderedDictionary<string, object?> request) => request["element"] switch
    {
        0L or false => false,
        1L or true => true,
        _ => null,
    };

    private async Task<(bool Success, string Text)> TryCreateAsync(OrderedDictionary<string, object?> request)
    {
        string id = (string)request["secagg_id"]!;
        if (Element(request) is not { } biprime)
        {
            string text = $"{Setup}Received bad request message: incorrect `element` {PythonText.Str(request["element"])}";
            await replies.LogAsync("ERROR", text).ConfigureAwait(false);
            return (false, text);
        }

        if (Problem(request, biprime) is { } problem)
        {
            var shown = new OrderedDictionary<string, object?>(StringComparer.Ordinal);
            foreach (string name in (ReadOnlySpan<string>)["protocol_version", "researcher_id", "secagg_id", "sequence", "job_id", "parties", "command"])
            {
                shown[name] = request[name];
            }

            string text = $"{Setup}Can not instantiate secure aggregation setup with argument {PythonText.Repr(shown)}. Error: {problem}";
            await replies.LogAsync("ERROR", problem).ConfigureAwait(false);
            await replies.LogAsync("ERROR", text).ConfigureAwait(false);
            return (false, text);
        }

        if (!biprime && !hasCertificates)
        {
            string text = "Can not setup secure aggregation it might be due to unregistered certificate for the federated setup. Please see error: "
                + $"FB619: Certificate error: Certificate for {request["researcher_id"]} is not existing. Certificates  of each federated training "
                + $"participant should be present. {replies.NodeId} should register certificate of {request["researcher_id"]}.";
            await replies.LogAsync("ERROR", text).ConfigureAwait(false);
            return (false, text);
        }

        if (biprime)
        {
            await replies.LogAsync("INFO", $"Not implemented yet, PUT SECAGG BIPRIME GENERATION PAYLOAD HERE, secagg_id='{id}'").ConfigureAwait(false);
            await replies.LogAsync("INFO", $"Biprime successfully created for node_id='{replies.NodeId}' secagg_id='{id}'").ConfigureAwait(false);
        }

        _contexts[(id, biprime)] = true;
        return (true, "Context element was successfully created on node");
    }

    private static string? Problem(OrderedDictionary<string, object?> request, bool biprime)
    {
        var parties = (List<object?>)request["parties"]!;
        string? job = request["job_id"] as string;
        return parties.Count < 3
            ? $"{Setup}bad parameter `parties` : {PythonText.Repr(parties)} : need  at least 3 parties for secure aggregation"
            : !Equals(parties[0], request["researcher_id"])
                ? $"{Setup}bad parameter `researcher_id` : {request["researcher_id"]} : needs to be the same as the first secagg party"
                : biprime && job is not null
                    ? $"{Setup}bad parameter `job_id` must be None"
                    : !biprime && string.IsNullOrEmpty(job) ? $"{Setup}bad parameter `job_id` must be a non empty string" : null;
    }

    private Task AnswerAsync(OrderedDictionary<string, object?> request, string command, bool success, string text) => replies.ReplyAsync(
        (string)request["researcher_id"]!,
        command,
        ("secagg_id", request["secagg_id"]),
        ("sequence", request["sequence"]),
        ("success", success),
        ("node_id", replies.NodeId),
        ("msg", text));
}
