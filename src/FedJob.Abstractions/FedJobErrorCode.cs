namespace FedJob.Abstractions;

/// <summary>What went wrong, stable across versions; <c>docs/errors</c> has a page for each.</summary>
public enum FedJobErrorCode
{
    /// <summary>An option has a value that is not allowed, or two options contradict each other.</summary>
    OptionsInvalid,

    /// <summary>No broker answered at the address within the connect timeout.</summary>
    BrokerUnreachable,

    /// <summary>The broker answered and refused the connection for another reason than the login.</summary>
    BrokerRefused,

    /// <summary>The broker refused the user name, password or certificate.</summary>
    BrokerAuthenticationFailed,

    /// <summary>The link to the broker was closed while something waited for it.</summary>
    ConnectionClosed,

    /// <summary>The broker did not acknowledge a message in time.</summary>
    PublishNotAcknowledged,

    /// <summary>A message that a node would not accept was about to be sent.</summary>
    MessageInvalid,

    /// <summary>No file repository answered at the address.</summary>
    RepositoryUnreachable,

    /// <summary>The repository answered with an error status.</summary>
    RepositoryRefused,

    /// <summary>A transfer stopped before its end and could not be brought to it.</summary>
    TransferInterrupted,

    /// <summary>A URL points elsewhere than to the configured repository.</summary>
    UrlNotAllowed,

    /// <summary>A file is larger than the limit.</summary>
    FileTooLarge,

    /// <summary>A file's bytes are not those that were announced.</summary>
    DigestMismatch,

    /// <summary>A file on this machine could not be read or written.</summary>
    LocalFileFailed,

    /// <summary>A parameter file is not well formed.</summary>
    ParameterFormatInvalid,

    /// <summary>Parameters do not have the model's names, element types or shapes.</summary>
    ParametersMismatch,

    /// <summary>The training plan's file does not exist or cannot be read.</summary>
    TrainingPlanNotFound,

    /// <summary>The file is no managed assembly, or no plan bundle.</summary>
    TrainingPlanAssemblyInvalid,

    /// <summary>The type is missing in the assembly, abstract, no training plan, or cannot be constructed.</summary>
    TrainingPlanTypeInvalid,

    /// <summary>The node's owner has not approved the plan.</summary>
    TrainingPlanNotApproved,

    /// <summary>The training plan threw an exception.</summary>
    TrainingPlanFailed,

    /// <summary>No node answered.</summary>
    NoNodeAnswered,

    /// <summary>Nodes answered, but none holds data with the wanted tags.</summary>
    NoDatasetFound,

    /// <summary>A dataset could not be registered, found or read at a node.</summary>
    DatasetInvalid,

    /// <summary>A round ended without the replies its policy asks for.</summary>
    RoundFailed,

    /// <summary>An aggregation rule could not combine the updates of a round.</summary>
    AggregationFailed,

    /// <summary>A round with secure aggregation got updates in clear, or a rule was to combine encrypted updates that cannot.</summary>
    EncryptionMismatch,

    /// <summary>A sampler, aggregator or callback of the caller's threw an exception.</summary>
    ExtensionFailed,

    /// <summary>A checkpoint is damaged, incomplete, or none.</summary>
    CheckpointInvalid,

    /// <summary>A checkpoint is of a version of the format that this FedJob does not know.</summary>
    CheckpointVersionUnknown,

    /// <summary>A job's journal is damaged, or the file is none.</summary>
    JournalInvalid,

    /// <summary>A job's journal is of a version that this FedJob does not know.</summary>
    JournalVersionUnknown,

    /// <summary>A job's directory belongs to another job, or to a process that runs.</summary>
    JobDirectoryInUse,

    /// <summary>Fewer nodes were there than a run needs when its wait for them was over.</summary>
    TooFewNodes,
}
