// Options that every command takes, and the one way in which a command runs: open the house, do the work, turn a refusal into text and an exit code.
using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using CabinCrew.Protocol;

namespace CabinCrew.Cli;

internal static class Globals
{
    public static readonly Flag Json = new("--json") { Description = "Print one JSON document for machines instead of text for people.", Recursive = true };
    public static readonly Option<string?> Store = new("--store") { Description = "Where state is kept: sqlite:DIRECTORY (default: .cabincrew beside the workflow file; also CABINCREW_STORE).", HelpName = "STORE", Recursive = true };
    // `resolve` has an --as of its own, for the outcome; a command's own option goes before one that all have.
    public static readonly Option<string?> Identity = new("--identity", "--as") { Description = "Act as this identity of the identities file; it must be yours, or you hold its token.", HelpName = "NAME", Recursive = true };
    public static readonly Option<string?> TokenFile = new("--identity-token-file") { Description = "A file with the identity's token (also CABINCREW_IDENTITY_TOKEN).", HelpName = "FILE", Recursive = true };
    public static readonly Flag NoColor = new("--no-color") { Description = "Plain text, also on a terminal (also NO_COLOR).", Recursive = true };

    /// <summary>Asked for before anything else is looked at (<see cref="HelpPage.AskedFor"/>).</summary>
    public static readonly Flag Help = new("--help", "-h", "/h", "-?", "/?") { Description = "Help, with examples.", Recursive = true };

    public static readonly Flag Version = new("--version") { Description = "The version of the program.", Action = new ShowVersion() };

    public static string? ProgramVersion => typeof(Globals).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

    /// <summary>In the order in which help names them.</summary>
    public static readonly Option[] All = [Json, Store, Identity, TokenFile, NoColor];

    public static Option<string?> File() => new("--file", "-f") { Description = "The workflow file (default: cabincrew.yaml here or in a directory above).", HelpName = "PATH" };

    public static Place PlaceOf(ParseResult parse, string? file = null) => Place.Find(
        Directory.GetCurrentDirectory(), file, parse.GetValue(Store) ?? Environment.GetEnvironmentVariable("CABINCREW_STORE"));

    /// <summary>A command that needs no store.</summary>
    public static void Plain(this Command command, Func<ParseResult, Screen, CancellationToken, Task<Outcome<int>>> body) => command.SetAction(async (parse, ct) =>
    {
        var screen = Screen.For(parse.Has(Json), parse.Has(NoColor));
        return await GuardAsync(screen, () => body(parse, screen, ct)).ConfigureAwait(false);
    });

    /// <summary>A command that needs no store, and waits for nothing; what it writes is whole, also when it is interrupted.</summary>
    public static void Plain(this Command command, Func<ParseResult, Screen, CancellationToken, Outcome<int>> body) =>
        command.Plain((parse, screen, ct) => Task.FromResult(body(parse, screen, ct)));

    /// <summary>A command that needs no store, and only reads: an interrupt ends it where it stands.</summary>
    public static void Plain(this Command command, Func<ParseResult, Screen, Outcome<int>> body) => command.SetAction(parse =>
    {
        var screen = Screen.For(parse.Has(Json), parse.Has(NoColor));
        try
        {
            return body(parse, screen).Try(out var exit, out var refused) ? exit : Refused(screen, refused);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Refused(screen, ProblemOf(e));
        }
    });

    /// <summary>A command on what is there already. It makes no store: where there is none, <paramref name="nothing"/> answers, or it is refused.</summary>
    public static void InHouse(this Command command, Func<ParseResult, Screen, House, CancellationToken, Task<Outcome<int>>> body, Func<Screen, int>? nothing = null) => command.Plain(async (parse, screen, ct) =>
    {
        var place = PlaceOf(parse);
        if (!place.HasStore) return nothing is null ? NoStore(place) : nothing(screen);
        var opened = await OpenAsync(parse, null, ct).ConfigureAwait(false);
        if (!opened.Try(out var house, out var problem)) return problem;
        await using (house) return await body(parse, screen, house, ct).ConfigureAwait(false);
    });

    public static Problem NoStore(Place place) => new(ProblemCode.NotFound, $"nothing has flown here: there is no store at {place.StoreDirectory}")
        { Remedy = "Go to the directory of the workflow file, or name the store with --store. A flight begins with `cabincrew plan`." };

    public static Task<Outcome<House>> OpenAsync(ParseResult parse, string? file, CancellationToken ct) =>
        Composition.OpenAsync(PlaceOf(parse, file), parse.GetValue(Identity), parse.GetValue(TokenFile), ct);

    private static async Task<int> GuardAsync(Screen screen, Func<Task<Outcome<int>>> body)
    {
        try
        {
            var outcome = await body().ConfigureAwait(false);
            return outcome.Try(out var exit, out var refused) ? exit : Refused(screen, refused);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Refused(screen, ProblemOf(e));
        }
    }

    private static Problem ProblemOf(Exception thrown) => thrown switch
    {
        OperationCanceledException => new(ProblemCode.Cancelled, "interrupted; nothing is lost"),
        IOException or UnauthorizedAccessException => new(ProblemCode.IoFailed, thrown.Message),
        _ => Problem.Bug($"{thrown.GetType().Name}: {thrown.Message}").With("stack", $"{thrown.StackTrace}"),
    };

    private static int Refused(Screen screen, Problem problem)
    {
        screen.Refuse(problem);
        return problem.Code.ExitCode();
    }

    private sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parse)
        {
            Console.Out.WriteLine(ProgramVersion);
            return 0;
        }
    }
}
