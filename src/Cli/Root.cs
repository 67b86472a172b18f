// The command line: one table of verbs. Root help is a text of its own, so that `cabincrew --help` is quick and reads like a page.
using System.CommandLine;
using CabinCrew.Cli.Commands;
using CabinCrew.Cli.Commands.Llm;
using CabinCrew.Cli.Commands.Mcp;
using CabinCrew.Cli.Commands.Model;
using CabinCrew.Cli.Commands.Policy;
using CabinCrew.Cli.Commands.Scan;
using CabinCrew.Protocol;

namespace CabinCrew.Cli;

internal static class Root
{
    public const string Help = """
        CabinCrew lets automation and AI agents change real things: an untrusted engine computes a plan in a sandbox, the plan is
        bound to one hash, judged by policy, approved by people where asked for, and then exactly that is applied, or nothing.

        Usage: cabincrew COMMAND [OPTIONS]

        Begin
          init                  write a first workflow for the repository you stand in
          demo                  watch a whole flight on a fresh git repository
          doctor                what this machine can and cannot do, and how to mend it

        Fly
          plan                  compute, validate, bind and judge a plan; apply nothing
          run                   plan, judge, wait for approvals, apply
          resume WORKFLOW       go on where the log stands
          undo WORKFLOW         plan a flight that puts back what a flight changed
          resolve WORKFLOW      say what became of a take-off in doubt, and set the workspace free

        Look
          status                list flights
          show WORKFLOW         the diff, the judgement, approvals, timeline
          logs WORKFLOW         what engines wrote to standard error

        Answer
          approvals             what waits for approval
          approve APPROVAL      approve the plan that you were shown
          reject APPROVAL       reject it, with a reason

        Prove
          token explain WORKFLOW    everything that a plan-token binds, recomputed
          audit verify|show|export  the tamper-evident record, also offline

        Judge
          policy init           write the starter library of policies
          policy check|test|eval|fmt    the bench for authors of policies in Rego
          policy explain WORKFLOW   which rule, at which line, with which values, decided
          policy replay         judge every recorded plan again, under other policies
          policy bundle VERB    build, sign, verify, inspect a bundle of policies

        Look for trouble
          scan [PATH]           secrets, hidden text, dangerous commands: in files, diffs, standard input

        Guard agents
          mcp                   stand between an agent and its tools (MCP): judge, record, hold for approval
          mcp wrap|unwrap       put the gateway before the servers that a client has, and take it back
          mcp inspect|accept    what servers offer, and what of it was accepted
          mcp tail              what is decided, as it happens
          llm                   stand between callers and language models: judge, redact, route, record
          llm route REQUEST     where a request would go, and why
          model check|pin|calibrate|bench    text classifiers of your own (ONNX)

        Make
          engine check ENGINE   run the conformance checks on an engine in any language
          schema [NAME]         JSON schemas, for editors and for every document
          completion SHELL      completion for bash, zsh, fish
          help [TOPIC]          a command, exit-codes, or a problem's code

        Options for every command
          --json                one JSON document for machines
          --store STORE         where state is kept (default: .cabincrew beside the workflow file)
          --identity NAME       act as an identity of the identities file (also --as)
          --identity-token-file FILE
          --no-color            plain text, also on a terminal
          -h, --help            help, with examples:  cabincrew run --help
          --version

        Examples
          cabincrew init && cabincrew plan
          cabincrew run --wait 30m --json
          cabincrew show wf-7h3k9q2m --diff | git apply --check

        """;

    /// <summary>Every verb, in the order of the help. <c>help</c> is told all of them.</summary>
    private static readonly Verb[] Verbs =
    [
        new("init", HouseCommands.Init), new("demo", Demo.DemoCommand.Create), new("doctor", HouseCommands.Doctor),
        new("plan", FlightCommands.Plan), new("run", FlightCommands.Run), new("resume", FlightCommands.Resume), new("undo", RecoveryCommands.Undo), new("resolve", RecoveryCommands.Resolve),
        new("status", ReadCommands.Status), new("show", ReadCommands.Show), new("logs", ReadCommands.Logs),
        new("approvals", ApprovalCommands.List), new("approve", ApprovalCommands.Approve), new("reject", ApprovalCommands.Reject),
        new("token", EvidenceCommands.Token), new("audit", AuditCommands.Audit),
        new("policy", PolicyCommand.Create), new("scan", ScanCommand.Create), new("mcp", McpCommand.Create), new("llm", LlmCommand.Create), new("model", ModelCommand.Create), new("engine", EngineCommands.Engine), new("schema", HouseCommands.Schema), new("completion", HelpCommands.Completion), new("help", HelpCommands.Help),
    ];

    /// <summary>The whole command line. No <see cref="RootCommand"/>: that one looks up its texts in resources, which takes longer than most verbs take to run.</summary>
    public static Command Build() => Build(Verbs.Select(v => v.Make()));

    private static Command Build(IEnumerable<Command> verbs)
    {
        var root = new Command("cabincrew", "CabinCrew: untrusted plans, judged, approved, applied exactly, and proven.");
        foreach (var verb in verbs) root.Subcommands.Add(verb);
        root.Options.Add(Globals.Help);
        root.Options.Add(Globals.Version);
        foreach (var option in Globals.All) root.Options.Add(option);
        return root;
    }

    /// <summary>An argument is what it says: "@name" is no file to be read in its place, since a reason or a name may come from somebody else.</summary>
    public static ParseResult Parse(IReadOnlyList<string> args, Command? root = null) => (root ?? For(args)).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

    // What shells ask while a line is typed, `[suggest:12]`: a directive, and those only a root of that class has.
    private static RootCommand BuildForShells()
    {
        var root = new RootCommand();
        foreach (var verb in Verbs) root.Subcommands.Add(verb.Make());
        foreach (var option in Globals.All) root.Options.Add(option);
        return root;
    }

    // A line that begins with a verb can mean no other, and making them all takes longer than most of them take to run.
    private static Command For(IReadOnlyList<string> args) =>
        args is [['[', ..], ..] ? BuildForShells()
        : args.Count > 0 && args[0] != "help" && Array.Find(Verbs, v => v.Name == args[0]) is { } verb
            ? Build([verb.Name == "policy" ? PolicyCommand.Create(args.ElementAtOrDefault(1)) : verb.Make()])
            : Build();

    /// <summary>The quick way out for the commonest call; everything else goes through the parser.</summary>
    public static bool IsPlainHelp(string[] args) => args is [] or ["-h"] or ["--help"] or ["help"];
}
