namespace FedJob.Protocol.Messages;

/// <summary>A message from a researcher to one node or to all.</summary>
public abstract record ResearcherRequest : ProtocolMessage;
