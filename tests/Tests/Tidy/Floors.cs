// The tables of the house: which project may see which, which package is quarantined where, which folder lies above which.
// Changing a line here is the architecture review.
namespace CabinCrew.Tests.Tidy;

internal static class Floors
{
    /// <summary>A project's direct references. What these reach may be used too. A name of a project that does not exist yet is allowed.</summary>
    public static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Protocol"] = [],
        ["Rego"] = [],
        ["EngineSdk"] = ["Protocol"],
        ["Ledger"] = ["Protocol"],
        ["Governance"] = ["Ledger", "Rego"],
        ["Orchestrator"] = ["Governance"],
        ["Gateways"] = ["Governance"],
        ["Postgres"] = ["Ledger"],
        ["LocalModels"] = ["Governance", "Gateways"],
        ["Telemetry"] = [],
        ["Server"] = ["Orchestrator", "Gateways"],
        ["Cli"] = ["Server", "Orchestrator", "Gateways", "EngineSdk", "Postgres", "LocalModels", "Telemetry"],
        ["Git"] = ["EngineSdk"],
        ["Patch"] = ["EngineSdk"],
        ["Script"] = ["EngineSdk"],
        ["Undo"] = ["EngineSdk"],
        ["Files"] = ["Protocol"],
        ["InjectionTrainer"] = ["Governance"],
        ["Terraform"] = ["EngineSdk"],
        ["Kubernetes"] = ["EngineSdk"],
        ["Deps"] = ["EngineSdk"],
    };

    /// <summary>Foreign assemblies, and the only projects whose compiled code may use them.</summary>
    public static readonly Dictionary<string, string[]> Packages = new()
    {
        ["Microsoft.Data.Sqlite"] = ["Ledger"],
        ["SQLitePCLRaw.core"] = ["Ledger"],
        ["SQLitePCLRaw.batteries_v2"] = ["Ledger"],
        ["SQLitePCLRaw.provider.e_sqlite3"] = ["Ledger"],
        ["YamlDotNet"] = ["Governance", "Rego"],
        ["System.CommandLine"] = ["Cli"],
        ["OpenTelemetry"] = ["Telemetry"],
        ["OpenTelemetry.Api"] = ["Telemetry"],
        ["OpenTelemetry.Exporter.OpenTelemetryProtocol"] = ["Telemetry"],
        // The framework's web server.
        ["Microsoft.AspNetCore"] = ["Server"],
        ["Microsoft.AspNetCore.Hosting.Abstractions"] = ["Server"],
        ["Microsoft.AspNetCore.Http.Abstractions"] = ["Server"],
        ["Microsoft.AspNetCore.Http.Features"] = ["Server"],
        ["Microsoft.AspNetCore.Server.Kestrel"] = ["Server"],
        ["Microsoft.AspNetCore.Server.Kestrel.Core"] = ["Server"],
        ["Microsoft.Extensions.DependencyInjection.Abstractions"] = ["Server"],
        ["Microsoft.Extensions.Hosting"] = ["Server"],
        ["Microsoft.Extensions.Hosting.Abstractions"] = ["Server"],
        ["Microsoft.Extensions.Logging"] = ["Server"],
        ["Microsoft.Extensions.Logging.Abstractions"] = ["Server"],
        ["Microsoft.Extensions.Options"] = ["Server"],
        ["Microsoft.Extensions.Primitives"] = ["Server"],
    };

    /// <summary>Folders of a project, bottom first: each may use itself and those before it. The project's root is free.</summary>
    public static readonly Dictionary<string, string[]> Folders = new()
    {
        ["Protocol"] = ["Names", "Json", "Schemas", "Changes", "Wire"],
        ["Rego"] = ["Values", "Yaml", "Types", "Syntax", "Builtins", "Evaluate", "Compile"],
        ["EngineSdk"] = [],
        ["Ledger"] = ["Redaction", "Signing", "Blobs", "Streams", "Audit", "Streams.Sqlite"],
        ["Governance"] = ["Network", "Files", "Yaml", "Access", "Detection", "Policies", "Approvals"],
        ["Orchestrator"] = ["Posix", "Artifacts", "Workspaces", "Engines", "Workflows", "Triggers"],
        ["Gateways"] = ["Http", "Metrics", "Firewall", "Firewall.Configuration", "Llm.Usage", "Llm.Wire", "Llm.Wire.Translation", "Llm.Routing", "Llm.Configuration", "Llm.Calls", "Llm.Recordings", "Llm.Endpoint", "Llm", "Mcp.Wire", "Mcp", "Mcp.Servers", "Mcp.Files", "Mcp.Definitions", "Mcp.Calls", "Mcp.Configuration", "Mcp.Review", "Mcp.Sessions", "Mcp.Servers.Remote", "Mcp.Endpoint", "Mcp.Hosting"],
        ["LocalModels"] = ["Tokens", "Onnx", "Classifying"],
        ["Telemetry"] = [],
        ["Server"] = [],
        ["Cli"] = ["Rendering", "Completion", "Views", "Demo", "Serving", "Commands"],
        ["Git"] = [],
        ["Patch"] = [],
        ["Script"] = [],
        ["Undo"] = [],
        ["Files"] = ["Disk", "Tools", "Rpc"],
        ["InjectionTrainer"] = [],
    };

    /// <summary>Words of a higher folder that lower ones are written in: plain records of a definition, no behaviour.</summary>
    public static readonly HashSet<string> Words =
    [
        "CabinCrew.Orchestrator.Workflows.WorkflowDefinition",
        "CabinCrew.Orchestrator.Workflows.DriftAnswer",
        "CabinCrew.Orchestrator.Workflows.Determinism",
        "CabinCrew.Orchestrator.Workflows.StepDefinition",
        "CabinCrew.Orchestrator.Workflows.SecretSource",
        "CabinCrew.Orchestrator.Workflows.ContextSource",
        "CabinCrew.Orchestrator.Workflows.EngineLimits",
    ];

    /// <summary>Where a process may be started (invariant 10), and why.</summary>
    public static readonly Dictionary<string, string> Launchers = new()
    {
        ["CabinCrew.Orchestrator.Engines"] = "runs engines",
        ["CabinCrew.EngineSdk"] = "is compiled into engines: what it starts, it starts inside the sandbox",
        ["CabinCrew.Orchestrator.Workspaces"] = "tries a mount: one fixed command, in OverlayTrial",
    };

    /// <summary>Where the calls are declared and wrapped. Whoever calls a wrapper that starts a process starts one.</summary>
    public static readonly string[] LaunchCarriers = ["CabinCrew.Orchestrator.Posix"];

    /// <summary>What the pure floor may not touch (invariant 1): no clock, randomness, file, network, process or environment.</summary>
    public static readonly string[] Impure =
    [
        "System.IO.File", "System.IO.FileInfo", "System.IO.FileStream", "System.IO.Directory", "System.IO.DirectoryInfo", "System.IO.RandomAccess",
        "System.Environment", "System.Console", "System.TimeProvider", "System.Random", "System.Threading.Timer", "System.Diagnostics.Process", "System.Diagnostics.Stopwatch",
        "System.Security.Cryptography.RandomNumberGenerator", "System.Net.", "System.Runtime.InteropServices.NativeLibrary",
    ];
}
