// A secret's command runs as the user, outside the sandbox and before any judgement: so only a command that a person allowed, word for word (ENG-03).
// Remembered in the store by the digest of the exact words, so that a resumed flight goes on and a changed command asks again.
using System.Text.Json.Nodes;
using CabinCrew.Governance.Access;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

public sealed class SecretConsents(LedgerRoom ledger)
{
    private const string DirectoryName = "consents";
    private const int ShownMax = 400;

    /// <summary>Why this source may not be read yet; null for one that is no command, and for a command that was allowed.</summary>
    public Problem? Missing(StepId step, string name, SecretSource source) => source.Kind != "command" || IsAllowed(source)
        ? null
        : new Problem(ProblemCode.SecretCommandNotAllowed, $"this command would run as you, outside the sandbox, and nobody has allowed it: {Shown(source)}")
            .At($"step {step}, secret {name}").With("command", Shown(source)).With("digest", DigestOf(source).ToString());

    /// <summary>The first source of a workflow that lacks consent.</summary>
    public Problem? Missing(WorkflowDefinition definition) =>
        definition.Steps.SelectMany(s => s.Secrets.Select(secret => Missing(s.Id, secret.Key, secret.Value))).FirstOrDefault(p => p is not null);

    /// <summary>Allows every command of a workflow; the audit log has each before it counts.</summary>
    public async Task<Outcome<Done>> AllowAsync(WorkflowDefinition definition, Caller caller, CancellationToken ct)
    {
        if (ledger.Directory is not { } store) return new Problem(ProblemCode.SecretCommandNotAllowed, "this store cannot remember which commands were allowed");
        if (!caller.Human) return new Problem(ProblemCode.SecretCommandNotAllowed, $"'{caller.Name}' is automation; a person allows what runs outside the sandbox");
        var audit = new FlightAudit(ledger, null);
        foreach (var (step, name, source) in definition.Steps.SelectMany(s => s.Secrets.Select(x => (s.Id, x.Key, x.Value))).Where(x => x.Value.Kind == "command" && !IsAllowed(x.Value)))
        {
            var told = await ledger.Store.AppendAuditAsync(StepContext.Tenant, [audit.Event(AuditEventTypes.SecretCommandAllowed, null, null,
                $"{caller.Name} allowed the command of secret {name}, step {step} of {definition.Name}: {Shown(source)}", Severity.Warning, caller.Name,
                data: new() { ["command_digest"] = DigestOf(source).ToString(), ["workflow_file"] = definition.File })], ct).ConfigureAwait(false);
            if (!told.Try(out _, out var problem)) return problem;
            try
            {
                Directory.CreateDirectory(Path.Combine(store, DirectoryName), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                using var file = new FileStream(PathOf(store, source), new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
                FileCalls.Flush(file.SafeFileHandle);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new Problem(ProblemCode.StoreUnavailable, $"the consent cannot be written: {e.Message}") { Where = store };
            }
        }
        return Done.Ok;
    }

    private bool IsAllowed(SecretSource source) => ledger.Directory is { } store && File.Exists(PathOf(store, source));

    private static string PathOf(string store, SecretSource source) => Path.Combine(store, DirectoryName, DigestOf(source).Hex);

    private static Digest DigestOf(SecretSource source) => Digest.Of(CanonicalJson.Write(new JsonArray([.. source.Command.Select(a => (JsonNode)a)])));

    // As a shell would need it written, so that no argument can hide in another.
    private static string Shown(SecretSource source)
    {
        var text = string.Join(' ', source.Command.Select(a => a.Length > 0 && a.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or '=' or ':' or '@' or '+') ? a : $"'{a.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        return text.Length <= ShownMax ? text : $"{text[..ShownMax]}... ({text.Length} characters)";
    }
}
