// Every refusal that CabinCrew knows, and one table that says what each means for a process, a server and an auditor.
// A new refusal is one name and one line of the table; the documentation page is generated from it.
using System.Collections.Frozen;
using System.Text.Json.Serialization;

namespace CabinCrew.Protocol;

/// <summary>The class of a problem is its exit code: scripts branch on it.</summary>
public enum ProblemClass
{
    Failed = 1,
    Usage = 2,
    Denied = 3,
    Waiting = 4,
    Rejected = 5,
    Engine = 6,
    Artifact = 7,
    Stale = 8,
    Sandbox = 9,
    InDoubt = 10,
    Evidence = 11,
    Busy = 12,
    Refused = 13,
    Invalid = 14,
    Cancelled = 130,
}

[JsonConverter(typeof(JsonStringEnumConverter<Severity>))]
public enum Severity
{
    [JsonStringEnumMemberName("info")] Info,
    [JsonStringEnumMemberName("warning")] Warning,
    [JsonStringEnumMemberName("error")] Error,
    [JsonStringEnumMemberName("critical")] Critical,
}

public enum ProblemCode
{
    // general
    InternalBug,
    InvalidArgument,
    NotFound,
    Cancelled,
    IoFailed,
    NotYetSupported,

    // json
    JsonMalformed,
    JsonDuplicateKey,
    JsonTooDeep,
    JsonTooLarge,
    JsonNotUtf8,
    JsonNumberOutOfRange,
    JsonLoneSurrogate,
    SchemaInvalid,

    // workflow file
    WorkflowFileMissing,
    WorkflowFileInvalid,
    SecretUnavailable,
    SecretCommandNotAllowed,

    // engine
    EngineNotFound,
    EngineStartFailed,
    EngineFailed,
    EngineValidationFailed,
    EngineExitReserved,
    EngineKilled,
    ReceiptMissing,
    ReceiptMalformed,
    ReceiptTrailingOutput,
    ReceiptTooLarge,
    ReceiptDisagrees,
    LimitWallClock,
    LimitCpu,
    LimitMemory,
    LimitProcesses,
    LimitOutput,
    LimitArtifactBytes,
    LimitArtifactCount,
    LimitFiles,
    PlanNotDeterministic,
    PlanChangedWorkspace,

    // sandbox
    SandboxUnavailable,
    SandboxFailed,
    SandboxWorkspaceSocket,

    // network
    NetworkHostUndeclared,
    NetworkAddressRefused,
    NetworkMethodRefused,
    NetworkHostMismatch,
    NetworkUpgradeRefused,
    NetworkRequestMalformed,
    NetworkTlsFailed,
    NetworkUpstreamFailed,
    NetworkNotRecorded,
    NetworkNeedsSandbox,
    LimitNetwork,

    // artifacts
    ArtifactNameInvalid,
    ArtifactNameTwin,
    ArtifactUnexpectedEntry,
    ArtifactLink,
    ArtifactSpecialFile,
    ArtifactJsonMissing,
    ArtifactMalformed,
    ArtifactRoleMissing,
    ArtifactRoleConflict,
    ArtifactBodyMissing,
    ArtifactBodyUndeclared,
    ArtifactBodyFileInvalid,
    ArtifactIntegrityMismatch,
    ArtifactProhibitedField,
    ArtifactExternalReference,
    ArtifactReceiptDisagrees,
    ArtifactTooLarge,
    ArtifactChangedAfterExit,
    ArtifactPatchInvalid,
    ArtifactPatchConflict,
    ArtifactGitClaim,
    ArtifactSecret,

    // token and evidence
    TokenMismatch,
    TokenExpired,
    BlobMissing,
    BlobCorrupt,

    // workspace
    WorkspaceDrift,
    WorkspaceUnreadable,
    WorkspaceNameUnsupported,
    WorkspaceTooLarge,
    WorkspaceLocked,

    // take-off
    TakeOffForbidden,
    TakeOffUndeclaredChange,
    TakeOffMissingChange,
    TakeOffOutcomeUnknown,
    TakeOffNotApplied,
    UndoMovedOn,
    UndoImpossible,

    // judgement
    PolicyNone,
    PolicyInvalid,
    PolicyFailed,
    PolicyTimeout,
    PolicyDenied,

    // approval
    ApprovalRequired,
    ApprovalNotFound,
    ApprovalClosed,
    ApprovalTokenMismatch,
    ApprovalNotAuthenticated,
    ApprovalRoleMissing,
    ApprovalBySelf,
    ApprovalAlreadyAnswered,
    ApprovalExpired,
    ApprovalRejected,
    IdentitiesInvalid,

    // state
    StoreUnavailable,
    StoreUntrusted,
    StoreExposed,
    StoreCorrupt,
    StoreFenced,
    StoreMoved,
    IllegalTransition,
    WorkflowBusy,
    WorkflowFinished,
    WorkflowFailed,

    // audit
    AuditUnwritable,
    AuditMalformed,
    AuditEdited,
    AuditDeleted,
    AuditReordered,
    AuditTruncated,
    AuditSignatureInvalid,
}

/// <param name="Id">The stable, written form of the code (snake case).</param>
/// <param name="Http">The status that a server answers with.</param>
/// <param name="Clause">The protocol's clause behind the refusal, or empty.</param>
public sealed record ProblemEntry(
    ProblemCode Code, string Id, ProblemClass Class, int Http, Severity Severity, string Clause, string Meaning, string Remedy);

public static class ProblemCodes
{
    public static readonly IReadOnlyList<ProblemEntry> Table =
    [
        // general
        new(ProblemCode.InternalBug, "internal_bug", ProblemClass.Failed, 500, Severity.Critical, "ORC-03", "A bug in CabinCrew stopped the work; nothing was applied.",
            "Report it with the output of `cabincrew doctor --json`."),
        new(ProblemCode.InvalidArgument, "invalid_argument", ProblemClass.Usage, 400, Severity.Error, "", "A command-line argument or setting is not valid.",
            "See `cabincrew help`."),
        new(ProblemCode.NotFound, "not_found", ProblemClass.Usage, 404, Severity.Error, "", "The named thing does not exist.",
            "List what there is with `cabincrew status`."),
        new(ProblemCode.Cancelled, "cancelled", ProblemClass.Cancelled, 499, Severity.Warning, "", "The work was interrupted.",
            "Continue with `cabincrew resume`."),
        new(ProblemCode.IoFailed, "io_failed", ProblemClass.Failed, 500, Severity.Error, "", "A file could not be read or written.",
            "Check the path, its permissions and the free space."),
        new(ProblemCode.NotYetSupported, "not_yet_supported", ProblemClass.Usage, 501, Severity.Error, "", "This version cannot do that yet.",
            "See the changelog for what is supported."),

        // json
        new(ProblemCode.JsonMalformed, "json_malformed", ProblemClass.Invalid, 400, Severity.Error, "ART-04", "The text is not one strict JSON document (RFC 8259).",
            "Write one JSON value, UTF-8, without comments or trailing commas."),
        new(ProblemCode.JsonDuplicateKey, "json_duplicate_key", ProblemClass.Invalid, 400, Severity.Error, "ART-04", "An object has the same key twice.",
            "Write each key once."),
        new(ProblemCode.JsonTooDeep, "json_too_deep", ProblemClass.Invalid, 400, Severity.Error, "ART-04", "The document is nested deeper than allowed.",
            "Flatten it."),
        new(ProblemCode.JsonTooLarge, "json_too_large", ProblemClass.Invalid, 413, Severity.Error, "ART-04", "The document is larger than allowed.",
            "Put bulk content into body.data."),
        new(ProblemCode.JsonNotUtf8, "json_not_utf8", ProblemClass.Invalid, 400, Severity.Error, "ART-04", "The bytes are not UTF-8, or begin with a byte order mark.",
            "Write UTF-8 without a byte order mark."),
        new(ProblemCode.JsonNumberOutOfRange, "json_number_out_of_range", ProblemClass.Invalid, 400, Severity.Error, "ART-04", "A number cannot be represented exactly in every reader (beyond 2^53-1, or not finite).",
            "Write large numbers as strings."),
        new(ProblemCode.JsonLoneSurrogate, "json_lone_surrogate", ProblemClass.Invalid, 400, Severity.Error, "ART-04", "A string has half of a surrogate pair.",
            "Escape the whole pair, or write the character in UTF-8."),
        new(ProblemCode.SchemaInvalid, "schema_invalid", ProblemClass.Invalid, 400, Severity.Error, "ART-04", "The document does not fit its schema.",
            "Print the schema with `cabincrew schema NAME`."),

        // workflow file
        new(ProblemCode.WorkflowFileMissing, "workflow_file_missing", ProblemClass.Usage, 404, Severity.Error, "", "There is no workflow file.",
            "Write one with `cabincrew init`."),
        new(ProblemCode.WorkflowFileInvalid, "workflow_file_invalid", ProblemClass.Usage, 400, Severity.Error, "", "The workflow file has errors.",
            "Mend the lines named; `cabincrew schema workflow` helps an editor."),
        new(ProblemCode.SecretUnavailable, "secret_unavailable", ProblemClass.Usage, 400, Severity.Error, "ENG-03", "A mapped secret could not be read from its source.",
            "Set the variable, file or command that the workflow names."),
        new(ProblemCode.SecretCommandNotAllowed, "secret_command_not_allowed", ProblemClass.Refused, 403, Severity.Warning, "ENG-03", "The workflow would run a command outside the sandbox to get a secret, and nobody has allowed that very command.",
            "Read the command; if you want it to run as you, add --allow-secret-commands once."),

        // engine
        new(ProblemCode.EngineNotFound, "engine_not_found", ProblemClass.Usage, 404, Severity.Error, "ENG-01", "The engine is not there or is not executable.",
            "Check the path, or name a built-in engine: patch, git, script."),
        new(ProblemCode.EngineStartFailed, "engine_start_failed", ProblemClass.Engine, 500, Severity.Error, "ENG-02", "The engine could not be started.",
            "Read `cabincrew logs`; check its interpreter exists in the sandbox."),
        new(ProblemCode.EngineFailed, "engine_failed", ProblemClass.Engine, 500, Severity.Error, "ENG-05", "The engine reported failure.",
            "Read `cabincrew logs`."),
        new(ProblemCode.EngineValidationFailed, "engine_validation_failed", ProblemClass.Engine, 422, Severity.Error, "ENG-05", "The engine refused its input (exit code 2).",
            "Mend the step's config; read `cabincrew logs`."),
        new(ProblemCode.EngineExitReserved, "engine_exit_reserved", ProblemClass.Engine, 500, Severity.Error, "ENG-05", "The engine ended with a reserved exit code.",
            "Engines use 0, 1 and 2 only."),
        new(ProblemCode.EngineKilled, "engine_killed", ProblemClass.Engine, 500, Severity.Error, "ENG-05", "The engine was ended by a signal.",
            "Read `cabincrew logs`."),
        new(ProblemCode.ReceiptMissing, "receipt_missing", ProblemClass.Engine, 502, Severity.Error, "ENG-04", "The engine wrote no receipt on standard output.",
            "Write exactly one EngineOutput document to standard output."),
        new(ProblemCode.ReceiptMalformed, "receipt_malformed", ProblemClass.Engine, 502, Severity.Error, "ENG-04", "The receipt is not a valid EngineOutput document.",
            "Run `cabincrew engine check`."),
        new(ProblemCode.ReceiptTrailingOutput, "receipt_trailing_output", ProblemClass.Engine, 502, Severity.Error, "ENG-05", "Standard output carries something besides the receipt.",
            "Send logs to standard error."),
        new(ProblemCode.ReceiptTooLarge, "receipt_too_large", ProblemClass.Engine, 502, Severity.Error, "ENG-05", "The receipt exceeds its size limit.",
            "Put bulk data into artifacts."),
        new(ProblemCode.ReceiptDisagrees, "receipt_disagrees", ProblemClass.Engine, 502, Severity.Error, "ENG-05", "The receipt disagrees with the exit code, the mode or the artifacts.",
            "Run `cabincrew engine check`."),
        new(ProblemCode.LimitWallClock, "limit_wall_clock", ProblemClass.Engine, 504, Severity.Error, "ENG-12", "The engine ran longer than its wall-clock limit and was ended.",
            "Raise `limits.wall_clock`, or make the engine faster."),
        new(ProblemCode.LimitCpu, "limit_cpu", ProblemClass.Engine, 504, Severity.Error, "ENG-12", "The engine used more CPU time than its limit and was ended.",
            "Raise `limits.cpu`."),
        new(ProblemCode.LimitMemory, "limit_memory", ProblemClass.Engine, 507, Severity.Error, "ENG-12", "The engine used more memory than its limit and was ended.",
            "Raise `limits.memory`."),
        new(ProblemCode.LimitProcesses, "limit_processes", ProblemClass.Engine, 507, Severity.Error, "ENG-12", "The engine started more processes than its limit and was ended.",
            "Raise `limits.processes`."),
        new(ProblemCode.LimitOutput, "limit_output", ProblemClass.Engine, 507, Severity.Error, "ENG-12", "The engine wrote more output than its limit and was ended.",
            "Raise `limits.output`, or write less to standard error."),
        new(ProblemCode.LimitArtifactBytes, "limit_artifact_bytes", ProblemClass.Engine, 507, Severity.Error, "ENG-12", "The engine's artifacts exceed their byte limit.",
            "Raise `limits.artifacts`."),
        new(ProblemCode.LimitArtifactCount, "limit_artifact_count", ProblemClass.Engine, 507, Severity.Error, "ENG-12", "The engine wrote more artifacts than its limit.",
            "Raise `limits.artifact_count`."),
        new(ProblemCode.LimitFiles, "limit_files", ProblemClass.Engine, 507, Severity.Error, "ENG-12", "The engine wrote a file, or a number of files, beyond its limit.",
            "Raise `limits.temp`."),
        new(ProblemCode.PlanNotDeterministic, "plan_not_deterministic", ProblemClass.Engine, 409, Severity.Error, "ENG-07", "Two flight-plans of the same input gave different artifacts.",
            "Remove clocks, randomness and unordered listings from the engine."),

        new(ProblemCode.PlanChangedWorkspace, "plan_changed_workspace", ProblemClass.Engine, 409, Severity.Critical, "ENG-06", "The workspace changed during a flight-plan in an isolation that does not show it read-only.",
            "See what changed (`git status`, `git diff`). If it was you, plan again; if not, do not trust the engine."),

        // sandbox
        new(ProblemCode.SandboxUnavailable, "sandbox_unavailable", ProblemClass.Sandbox, 503, Severity.Error, "ENG-06", "This machine cannot isolate an engine.",
            "Run `cabincrew doctor`."),
        new(ProblemCode.SandboxFailed, "sandbox_failed", ProblemClass.Sandbox, 500, Severity.Error, "ENG-06", "The sandbox could not be set up for this run.",
            "Run `cabincrew doctor`."),
        new(ProblemCode.SandboxWorkspaceSocket, "sandbox_workspace_socket", ProblemClass.Sandbox, 409, Severity.Error, "ENG-06", "The workspace holds a socket or device that an engine could reach through.",
            "Remove it, or stop the program that owns it."),

        // network: what an engine is answered by the proxy
        new(ProblemCode.NetworkHostUndeclared, "network_host_undeclared", ProblemClass.Engine, 403, Severity.Warning, "ENG-06", "An engine asked for a host or port that its step does not declare.",
            "Name the host and port under the step's `network`, if it may be reached."),
        new(ProblemCode.NetworkAddressRefused, "network_address_refused", ProblemClass.Engine, 403, Severity.Warning, "ENG-06", "A declared name leads to an address that is not public.",
            "Name the address and port under `network.private`, if it may be reached."),
        new(ProblemCode.NetworkMethodRefused, "network_method_refused", ProblemClass.Engine, 403, Severity.Warning, "ENG-06", "A flight-plan may only read: GET, HEAD and OPTIONS without a body, and git fetch.",
            "Write in take-off."),
        new(ProblemCode.NetworkHostMismatch, "network_host_mismatch", ProblemClass.Engine, 403, Severity.Warning, "ENG-06", "A request names one host and goes to another.",
            "Send one host name in CONNECT, TLS and the Host header."),
        new(ProblemCode.NetworkUpgradeRefused, "network_upgrade_refused", ProblemClass.Engine, 403, Severity.Warning, "ENG-06", "A request asks to leave HTTP for another protocol.",
            "Use single requests; WebSockets are not forwarded."),
        new(ProblemCode.NetworkRequestMalformed, "network_request_malformed", ProblemClass.Engine, 400, Severity.Warning, "ENG-06", "A request is not strict HTTP/1.1, so it could mean two things to two readers.",
            "Use an ordinary HTTP client."),
        new(ProblemCode.NetworkTlsFailed, "network_tls_failed", ProblemClass.Engine, 400, Severity.Warning, "ENG-06", "An engine's TLS handshake failed.",
            "Trust the certificate in SSL_CERT_FILE; do not pin others."),
        new(ProblemCode.NetworkUpstreamFailed, "network_upstream_failed", ProblemClass.Engine, 502, Severity.Warning, "ENG-06", "A declared host could not be reached, or its certificate is not trusted.",
            "Try it from this machine, for example with `curl -v`."),
        new(ProblemCode.NetworkNotRecorded, "network_not_recorded", ProblemClass.Engine, 403, Severity.Warning, "ENG-07", "A flight-plan that is answered from the record asked for something that is not on it.",
            "Record anew with a live flight-plan, or make the engine ask the same things each time."),
        new(ProblemCode.NetworkNeedsSandbox, "network_needs_sandbox", ProblemClass.Sandbox, 503, Severity.Error, "ENG-06", "A declared network can be held to only inside the sandbox.",
            "Run without --unsandboxed on a machine where `cabincrew doctor` finds a sandbox."),
        new(ProblemCode.LimitNetwork, "limit_network", ProblemClass.Engine, 429, Severity.Warning, "ENG-12", "An engine exceeded a limit of its network use.",
            "See the limits in docs/reference/network.md."),

        // artifacts
        new(ProblemCode.ArtifactNameInvalid, "artifact_name_invalid", ProblemClass.Artifact, 422, Severity.Error, "ART-03", "An artifact's name is not allowed.",
            "Use [A-Za-z0-9][A-Za-z0-9._-]{0,127}, and no reserved name."),
        new(ProblemCode.ArtifactNameTwin, "artifact_name_twin", ProblemClass.Artifact, 422, Severity.Error, "ART-03", "Two artifacts have the same name under case folding.",
            "Give each a distinct name."),
        new(ProblemCode.ArtifactUnexpectedEntry, "artifact_unexpected_entry", ProblemClass.Artifact, 422, Severity.Error, "ART-01", "The artifacts directory holds something that is not an artifact.",
            "Write only NAME/artifact.json and NAME/body.data."),
        new(ProblemCode.ArtifactLink, "artifact_link", ProblemClass.Artifact, 422, Severity.Error, "ART-01", "The artifacts directory holds a link.",
            "Write regular files."),
        new(ProblemCode.ArtifactSpecialFile, "artifact_special_file", ProblemClass.Artifact, 422, Severity.Error, "ART-01", "The artifacts directory holds a fifo, socket or device.",
            "Write regular files."),
        new(ProblemCode.ArtifactJsonMissing, "artifact_json_missing", ProblemClass.Artifact, 422, Severity.Error, "ART-01", "An artifact has no artifact.json.",
            "Write NAME/artifact.json."),
        new(ProblemCode.ArtifactMalformed, "artifact_malformed", ProblemClass.Artifact, 422, Severity.Error, "ART-04", "An artifact.json is not valid.",
            "Run `cabincrew engine check`; print the schema with `cabincrew schema artifact`."),
        new(ProblemCode.ArtifactRoleMissing, "artifact_role_missing", ProblemClass.Artifact, 422, Severity.Error, "ART-02", "An artifact declares no role.",
            "Set role to evidence, state or log."),
        new(ProblemCode.ArtifactRoleConflict, "artifact_role_conflict", ProblemClass.Artifact, 422, Severity.Error, "ART-02", "The receipt and artifact.json name different roles.",
            "Name one role."),
        new(ProblemCode.ArtifactBodyMissing, "artifact_body_missing", ProblemClass.Artifact, 422, Severity.Error, "ART-04", "An artifact refers to a body that is not there.",
            "Write body.data, or drop body_file."),
        new(ProblemCode.ArtifactBodyUndeclared, "artifact_body_undeclared", ProblemClass.Artifact, 422, Severity.Error, "ART-04", "An artifact has a body.data that artifact.json does not declare.",
            "Set body_file and integrity."),
        new(ProblemCode.ArtifactBodyFileInvalid, "artifact_body_file_invalid", ProblemClass.Artifact, 422, Severity.Error, "ART-02", "body_file may only be \"body.data\".",
            "Write the body beside artifact.json."),
        new(ProblemCode.ArtifactIntegrityMismatch, "artifact_integrity_mismatch", ProblemClass.Artifact, 422, Severity.Critical, "ART-04", "A body's hash is not the declared integrity.",
            "Compute integrity after the last write."),
        new(ProblemCode.ArtifactProhibitedField, "artifact_prohibited_field", ProblemClass.Artifact, 422, Severity.Error, "ART-04", "An artifact claims authority that only the orchestrator has.",
            "Remove the field."),
        new(ProblemCode.ArtifactExternalReference, "artifact_external_reference", ProblemClass.Artifact, 422, Severity.Error, "ART-04", "An artifact refers to something outside the workspace.",
            "Use paths relative to the workspace, without '..'."),
        new(ProblemCode.ArtifactReceiptDisagrees, "artifact_receipt_disagrees", ProblemClass.Artifact, 422, Severity.Error, "ART-04", "The receipt's list of artifacts and the directory disagree.",
            "List each artifact once, with its hash and size."),
        new(ProblemCode.ArtifactTooLarge, "artifact_too_large", ProblemClass.Artifact, 413, Severity.Error, "ENG-12", "An artifact is larger than allowed.",
            "Raise `limits.artifacts`."),
        new(ProblemCode.ArtifactChangedAfterExit, "artifact_changed_after_exit", ProblemClass.Artifact, 409, Severity.Critical, "ART-05", "An artifact changed after the engine ended.",
            "Nothing may write there but the engine; plan anew."),
        new(ProblemCode.ArtifactPatchInvalid, "artifact_patch_invalid", ProblemClass.Artifact, 422, Severity.Error, "ENG-09", "A patch does not parse, or does not apply to the workspace it was planned on.",
            "Make it with `git diff --binary` against the workspace."),
        new(ProblemCode.ArtifactPatchConflict, "artifact_patch_conflict", ProblemClass.Artifact, 422, Severity.Error, "ENG-09", "Two artifacts declare different changes to the same path.",
            "Declare each path once."),
        new(ProblemCode.ArtifactGitClaim, "artifact_git_claim", ProblemClass.Artifact, 422, Severity.Error, "ENG-09", "What the plan says or shows of a git reference is not so: where it stands, whether it moves forward, or what its commits change.",
            "Declare each ref as it stands, say `forced` where history is left behind, and show every new commit (see docs/reference/artifacts.md)."),
        new(ProblemCode.ArtifactSecret, "artifact_secret", ProblemClass.Artifact, 422, Severity.Critical, "ART-07", "A mapped secret's value stands in an artifact.",
            "Engines must not copy secrets; rotate this one if the artifact was shared."),

        // token and evidence
        new(ProblemCode.TokenMismatch, "token_mismatch", ProblemClass.Stale, 409, Severity.Critical, "TOK-04", "What is stored no longer hashes to the plan-token.",
            "Do not apply it; plan anew and find out who changed it."),
        new(ProblemCode.TokenExpired, "token_expired", ProblemClass.Stale, 410, Severity.Error, "TOK-05", "The plan-token has expired.",
            "Plan anew."),
        new(ProblemCode.BlobMissing, "blob_missing", ProblemClass.Evidence, 410, Severity.Critical, "ART-05", "Stored content is missing.",
            "Restore the store from a backup, or plan anew."),
        new(ProblemCode.BlobCorrupt, "blob_corrupt", ProblemClass.Evidence, 409, Severity.Critical, "ART-05", "Stored content does not match its digest.",
            "Restore the store from a backup, or plan anew."),

        // workspace
        new(ProblemCode.WorkspaceDrift, "workspace_drift", ProblemClass.Stale, 409, Severity.Error, "TOK-06", "The workspace moved since the plan was made.",
            "Plan anew, or set `on_drift: replan`."),
        new(ProblemCode.WorkspaceUnreadable, "workspace_unreadable", ProblemClass.Failed, 500, Severity.Error, "TOK-06", "A file of the workspace could not be read.",
            "Check its permissions."),
        new(ProblemCode.WorkspaceNameUnsupported, "workspace_name_unsupported", ProblemClass.Failed, 422, Severity.Error, "TOK-06", "A file name in the workspace is not valid UTF-8.",
            "Rename it."),
        new(ProblemCode.WorkspaceTooLarge, "workspace_too_large", ProblemClass.Failed, 413, Severity.Error, "TOK-06", "The workspace is beyond the limits.",
            "Raise the limit, or plan on a smaller directory."),
        new(ProblemCode.WorkspaceLocked, "workspace_locked", ProblemClass.Busy, 423, Severity.Warning, "ORC-06", "Another take-off holds this workspace.",
            "Wait for it; see `cabincrew status`."),

        // take-off
        new(ProblemCode.TakeOffForbidden, "take_off_forbidden", ProblemClass.Denied, 403, Severity.Error, "ORC-08", "The conditions of take-off are not met.",
            "See `cabincrew show`."),
        new(ProblemCode.TakeOffUndeclaredChange, "take_off_undeclared_change", ProblemClass.Refused, 409, Severity.Critical, "ENG-09", "Take-off changed something that no artifact declares; nothing was applied.",
            "See the difference with `cabincrew show`; mend the engine."),
        new(ProblemCode.TakeOffMissingChange, "take_off_missing_change", ProblemClass.Refused, 409, Severity.Error, "ENG-09", "Take-off did not make a change that the plan declares; nothing was applied.",
            "See `cabincrew show`; mend the engine."),
        new(ProblemCode.TakeOffOutcomeUnknown, "take_off_outcome_unknown", ProblemClass.InDoubt, 409, Severity.Critical, "ORC-05", "Take-off was cut off and may have had effects outside the workspace.",
            "It is never run again by itself. Look at the outside system, say what you found with `cabincrew resolve`, then plan anew what is missing."),
        new(ProblemCode.TakeOffNotApplied, "take_off_not_applied", ProblemClass.Failed, 409, Severity.Error, "ORC-05", "A person found that a take-off in doubt was not applied, or that its change of the workspace is not there.",
            "Plan anew: the plan shows what is missing."),
        new(ProblemCode.UndoMovedOn, "undo_moved_on", ProblemClass.Stale, 409, Severity.Warning, "ENG-09", "The workspace no longer holds what the take-off left: undoing it would overwrite later work.",
            "Put the named paths back as the take-off left them, or change them by hand; nothing was undone."),
        new(ProblemCode.UndoImpossible, "undo_impossible", ProblemClass.Refused, 409, Severity.Error, "ENG-09", "There is nothing that could be undone here, or what would be needed for it is gone.",
            "Read the reason; what happened outside the workspace can only be undone there."),

        // judgement
        new(ProblemCode.PolicyNone, "policy_none", ProblemClass.Denied, 403, Severity.Error, "PRE-04", "There is no policy, so nothing is allowed.",
            "Write one with `cabincrew init`, or name `builtin: defaults` in the workflow file."),
        new(ProblemCode.PolicyInvalid, "policy_invalid", ProblemClass.Denied, 422, Severity.Error, "PRE-04", "A policy could not be loaded.",
            "Mend the lines named."),
        new(ProblemCode.PolicyFailed, "policy_failed", ProblemClass.Denied, 500, Severity.Error, "PRE-04", "A policy could not be evaluated; that counts as deny.",
            "See `cabincrew show`."),
        new(ProblemCode.PolicyTimeout, "policy_timeout", ProblemClass.Denied, 504, Severity.Error, "PRE-04", "A policy took too long; that counts as deny.",
            "Simplify it, or raise its limit."),
        new(ProblemCode.PolicyDenied, "policy_denied", ProblemClass.Denied, 403, Severity.Error, "PRE-02", "The judgement is deny.",
            "See why with `cabincrew show`; change the plan or the policy."),

        // approval
        new(ProblemCode.ApprovalRequired, "approval_required", ProblemClass.Waiting, 202, Severity.Info, "APR-01", "The flight waits for approval.",
            "See `cabincrew approvals`; answer with `cabincrew approve` or `reject`."),
        new(ProblemCode.ApprovalNotFound, "approval_not_found", ProblemClass.Usage, 404, Severity.Warning, "APR-03", "There is no such approval request.",
            "List the open ones with `cabincrew approvals`."),
        new(ProblemCode.ApprovalClosed, "approval_closed", ProblemClass.Refused, 409, Severity.Warning, "APR-03", "The approval request is no longer open.",
            "List the open ones with `cabincrew approvals`."),
        new(ProblemCode.ApprovalTokenMismatch, "approval_token_mismatch", ProblemClass.Refused, 409, Severity.Critical, "APR-03", "The answer was given for another plan-token.",
            "Review the current plan with `cabincrew show` and answer again."),
        new(ProblemCode.ApprovalNotAuthenticated, "approval_not_authenticated", ProblemClass.Refused, 401, Severity.Critical, "APR-03", "The approver could not be authenticated.",
            "Use an identity of the identities file that this account may act as."),
        new(ProblemCode.ApprovalRoleMissing, "approval_role_missing", ProblemClass.Refused, 403, Severity.Warning, "APR-03", "The approver does not hold the required role.",
            "Ask somebody who does; see `cabincrew approvals`."),
        new(ProblemCode.ApprovalBySelf, "approval_by_self", ProblemClass.Refused, 403, Severity.Warning, "APR-03", "The requester cannot approve the own request.",
            "Ask another person; who works alone may set `self_approval: true` in the identities file (it is recorded)."),
        new(ProblemCode.ApprovalAlreadyAnswered, "approval_already_answered", ProblemClass.Refused, 409, Severity.Warning, "APR-03", "This person has already answered.",
            "Ask another person."),
        new(ProblemCode.ApprovalExpired, "approval_expired", ProblemClass.Rejected, 410, Severity.Error, "APR-04", "The approval request has expired.",
            "Plan anew."),
        new(ProblemCode.ApprovalRejected, "approval_rejected", ProblemClass.Rejected, 403, Severity.Error, "APR-04", "A person rejected the plan.",
            "See the reason with `cabincrew show`."),
        new(ProblemCode.IdentitiesInvalid, "identities_invalid", ProblemClass.Usage, 422, Severity.Error, "APR-03", "The identities file has errors.",
            "Mend the lines named."),

        // state
        new(ProblemCode.StoreUnavailable, "store_unavailable", ProblemClass.Failed, 503, Severity.Error, "ORC-04", "The store cannot be opened or written.",
            "Check the path, its permissions and the free space."),
        new(ProblemCode.StoreUntrusted, "store_untrusted", ProblemClass.Refused, 403, Severity.Critical, "APR-03", "The store's directory is not ours alone, or came with a repository: its identities and keys are not believed.",
            "Look at what it holds, move it away, and begin a store of your own with `cabincrew init`."),
        new(ProblemCode.StoreExposed, "store_exposed", ProblemClass.Refused, 409, Severity.Error, "ENG-06", "The store stands where an engine could read or change it.",
            "Keep it at the top of the workspace (.cabincrew), or outside of everything that engines see (--store)."),
        new(ProblemCode.StoreCorrupt, "store_corrupt", ProblemClass.Evidence, 500, Severity.Critical, "ORC-05", "The store holds inconsistent state; the workflow is halted.",
            "Keep the files, verify with `cabincrew audit verify`, restore from a backup."),
        new(ProblemCode.StoreFenced, "store_fenced", ProblemClass.Busy, 409, Severity.Error, "ORC-06", "Another node has taken over this workflow.",
            "Nothing; the newer owner goes on."),
        new(ProblemCode.StoreMoved, "store_moved", ProblemClass.Busy, 409, Severity.Error, "APR-03", "The workflow went on while it was being answered.",
            "Look at it again, and repeat the answer if it still holds."),
        new(ProblemCode.IllegalTransition, "illegal_transition", ProblemClass.Failed, 500, Severity.Critical, "ORC-01", "The lifecycle does not allow this transition.",
            "Report it: this is a bug."),
        new(ProblemCode.WorkflowBusy, "workflow_busy", ProblemClass.Busy, 409, Severity.Warning, "ORC-06", "Another process is working on this workflow.",
            "Wait for it; see `cabincrew status`."),
        new(ProblemCode.WorkflowFinished, "workflow_finished", ProblemClass.Usage, 409, Severity.Info, "ORC-01", "The workflow has already ended.",
            "Start a new one with `cabincrew run`."),
        new(ProblemCode.WorkflowFailed, "workflow_failed", ProblemClass.Failed, 500, Severity.Error, "ORC-03", "The workflow failed.",
            "See why with `cabincrew show`."),

        // audit
        new(ProblemCode.AuditUnwritable, "audit_unwritable", ProblemClass.Evidence, 500, Severity.Critical, "AUD-05", "The audit event could not be written, so the action did not happen.",
            "Check the store's disk."),
        new(ProblemCode.AuditMalformed, "audit_malformed", ProblemClass.Evidence, 422, Severity.Critical, "AUD-03", "The audit export is not readable.",
            "Export it again with `cabincrew audit export`."),
        new(ProblemCode.AuditEdited, "audit_edited", ProblemClass.Evidence, 409, Severity.Critical, "AUD-03", "An audit event was changed after it was written.",
            "Treat the log as tampered with from this event on."),
        new(ProblemCode.AuditDeleted, "audit_deleted", ProblemClass.Evidence, 409, Severity.Critical, "AUD-03", "An audit event is missing.",
            "Treat the log as tampered with from this event on."),
        new(ProblemCode.AuditReordered, "audit_reordered", ProblemClass.Evidence, 409, Severity.Critical, "AUD-03", "Audit events are not in the order in which they were written.",
            "Treat the log as tampered with from this event on."),
        new(ProblemCode.AuditTruncated, "audit_truncated", ProblemClass.Evidence, 409, Severity.Critical, "AUD-03", "The audit log ends before its signed head.",
            "Treat the missing events as deleted."),
        new(ProblemCode.AuditSignatureInvalid, "audit_signature_invalid", ProblemClass.Evidence, 409, Severity.Critical, "AUD-03", "A signature of the audit log is not valid for the given key.",
            "Check that the right public key was given; else treat the log as forged."),
    ];

    private static readonly FrozenDictionary<ProblemCode, ProblemEntry> ByCode = Table.ToFrozenDictionary(e => e.Code);

    public static ProblemEntry Entry(this ProblemCode code) => ByCode[code];

    public static string Id(this ProblemCode code) => ByCode[code].Id;

    /// <summary>The exit code of a process that ends with this problem.</summary>
    public static int ExitCode(this ProblemCode code) => (int)ByCode[code].Class;
}
