namespace FedJob.Protocol.Messages.Formats;

/// <summary>
/// The first thing that is wrong with a message, and where. It is found inside and named outwards: each level adds its step with
/// <see cref="Within"/>.
/// </summary>
internal sealed class Findings
{
    private string? _accepted;
    private string _text = "";

    /// <summary>Whether anything is wrong.</summary>
    public bool Any { get; private set; }

    /// <summary>Where, e.g. <c>databases[3].tags</c>; empty for the message itself.</summary>
    public string Path { get; private set; } = "";

    /// <summary>Notes a value of a wrong form.</summary>
    /// <param name="accepted">The accepted form, e.g. "a whole number".</param>
    /// <param name="got">What there is instead.</param>
    public void Refuse(string accepted, string got)
    {
        if (!Any)
        {
            (Any, _accepted, _text) = (true, accepted, got);
        }
    }

    /// <summary>Notes a rule that is broken.</summary>
    /// <param name="sentence">The rule, with the values that break it.</param>
    public void Break(string sentence)
    {
        if (!Any)
        {
            (Any, _text) = (true, sentence);
        }
    }

    /// <summary>Adds another accepted form, if it is the value itself that was refused and not something inside.</summary>
    /// <param name="accepted">The form.</param>
    public void Or(string accepted) => _accepted = _accepted is null || Path.Length > 0 ? _accepted : $"{_accepted}, or {accepted}";

    /// <summary>Says inside what the last level stands.</summary>
    /// <param name="step">A field's name, or an index like <c>[3]</c>.</param>
    public void Within(string step) => Path = Path.Length == 0 ? step : Path[0] == '[' ? step + Path : step + "." + Path;

    /// <summary>The finding as one sentence.</summary>
    /// <param name="subject">What is wrong, e.g. <c>train</c>.</param>
    /// <returns>The sentence.</returns>
    public string Describe(string subject) =>
        (Path.Length == 0 ? subject : $"{subject}: field '{Path}'")
            + (_accepted is null ? ": " + _text : $" must be {_accepted}, got {_text}.");
}
