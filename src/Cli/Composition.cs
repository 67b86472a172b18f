// Wires the house for one command: store, identities, caller, flights. The only place where rooms are put together.
using System.Runtime.InteropServices;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Ledger;
using CabinCrew.LocalModels.Classifying;
using CabinCrew.LocalModels.Onnx;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Cli;

internal sealed record House(Place Place, LedgerRoom Ledger, IdentityBook Identities, Caller Caller, Flights Flights, LoadedModels Models) : IAsyncDisposable
{
    /// <summary>What gateways hold until people answer.</summary>
    public HeldCalls Calls { get; } = new(Ledger, Identities, TenantId.Local);

    public async ValueTask DisposeAsync()
    {
        await Flights.DisposeAsync().ConfigureAwait(false);
        Models.Dispose();
        await Ledger.DisposeAsync().ConfigureAwait(false);
    }
}

internal static partial class Composition
{
    public static async Task<Outcome<House>> OpenAsync(Place place, string? claimedName, string? tokenFile, CancellationToken ct)
    {
        if (!Me(claimedName, tokenFile).Try(out var me, out var problem)) return problem;
        if (Stores.Distrust(place.Store) is { } distrust) return distrust;
        if (!IdentityBook.Load(place.IdentitiesFile, me).Try(out var book, out problem)) return problem;
        var known = book.Authenticate(me).Try(out var caller, out var stranger);
        if (!known && !place.HasStore) return stranger!;
        if (!(await Stores.OpenAsync(place.Store, TimeProvider.System, new RandomIds(), ct).ConfigureAwait(false)).Try(out var ledger, out problem)) return problem;
        var models = BroughtModels();
        var flights = new Flights(ledger, book, models: models.Load);
        if (known) return new House(place, ledger, book, caller!, flights, models);
        await using (ledger) return await flights.RefuseStrangerAsync(stranger!, $"{me.OsUser} ({me.Uid})", ct).ConfigureAwait(false);
    }

    /// <summary>Models that users bring: nothing is loaded before a policy names one.</summary>
    public static LoadedModels BroughtModels() => new(AppContext.BaseDirectory, Environment.GetEnvironmentVariable(OnnxLibrary.Variable));

    /// <summary>Who runs this process: the kernel's word on the uid, and a token if one was handed over.</summary>
    public static Outcome<Credentials> Me(string? claimedName, string? tokenFile)
    {
        var uid = getuid();
        var user = Environment.UserName is { Length: > 0 } name ? name : uid.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string? token = Environment.GetEnvironmentVariable("CABINCREW_IDENTITY_TOKEN");
        if (tokenFile is not null)
        {
            try
            {
                token = File.ReadAllText(tokenFile).Trim();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new Problem(ProblemCode.IoFailed, $"the identity token file cannot be read: {e.Message}");
            }
        }
        return new Credentials(user, (int)uid, claimedName, string.IsNullOrEmpty(token) ? null : token);
    }

    [LibraryImport("libc")]
    private static partial uint getuid();
}
