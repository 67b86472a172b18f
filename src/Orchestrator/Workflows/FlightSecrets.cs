// The mapped secrets of one claimed flight: each step is given its own, just before its engine runs (ENG-03). Invariant: before any engine runs, every secret of
// the workflow that can be had is known to the redactor, also those of the other steps: their values may lie where this engine reads, in the workspace (AUD-04, ART-07).
using System.Collections.Concurrent;
using CabinCrew.Ledger;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed class FlightSecrets(LedgerRoom ledger, WorkflowDefinition definition)
{
    private readonly ConcurrentDictionary<(StepId Step, string Name), bool> settled = [];

    /// <summary>The step's secrets by name; refused where one of them is not to be had.</summary>
    public async Task<Outcome<IReadOnlyDictionary<string, string>>> ForAsync(StepDefinition step, CancellationToken ct)
    {
        var secrets = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, source) in step.Secrets)
        {
            if (!(await ReadAsync(step.Id, name, source, ct).ConfigureAwait(false)).Try(out var value, out var problem)) return problem;
            secrets[name] = value;
        }
        await Task.WhenAll(definition.Steps.Where(s => s.Id != step.Id).SelectMany(s => s.Secrets.Select(x => LearnAsync(s.Id, x.Key, x.Value, ct)))).ConfigureAwait(false);
        return Outcome.Of<IReadOnlyDictionary<string, string>>(secrets);
    }

    // What is not to be had yet may be made by an earlier step: its own step will say so. A file or a variable is asked for until it is there, a command once,
    // since it takes its time and may do more than print.
    private async Task LearnAsync(StepId step, string name, SecretSource source, CancellationToken ct)
    {
        if (source.Kind == "command" ? !settled.TryAdd((step, name), true) : settled.ContainsKey((step, name))) return;
        await ReadAsync(step, name, source, ct).ConfigureAwait(false);
    }

    private async Task<Outcome<string>> ReadAsync(StepId step, string name, SecretSource source, CancellationToken ct)
    {
        if (new SecretConsents(ledger).Missing(step, name, source) is { } refused) return refused;
        if (!(await SecretReader.ReadAsync(source, ct).ConfigureAwait(false)).Try(out var value, out var problem)) return problem.At($"step {step}, secret {name}");
        ledger.Redactor.Learn(name, value);
        settled[(step, name)] = true;
        return value;
    }
}
