// Rego modules and data, compiled for one entry package: the query that asks it, and where each rule stands. Immutable: one for everybody who judges by the same bytes.
// Refused here, before anything flies (PRE-04): what does not parse or compile, a reference to an input that does not exist, a package that is not there or answers nothing.
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Protocol;
using CabinCrew.Rego;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Governance.Policies.Rego;

internal sealed class CompiledPolicy
{
    public const string TestEnding = "_test.rego";

    private const int KnownMax = 64;
    private const int TextBytesMax = 8 << 20;
    private const int ErrorsShownMax = 5;

    // The same bytes are the same policy: a server judges thousands of plans by one directory, and compiling is what costs.
    private static readonly ConcurrentDictionary<(Digest Content, string Prefix, string Package, int? Version, string Schema), CompiledPolicy> Known = [];

    private readonly IReadOnlyDictionary<string, string> texts;
    private readonly bool[] answering;
    private readonly JsonEncodedText[] places, held;

    private CompiledPolicy(RegoProgram program, PreparedQuery query, Value data, string package, IReadOnlyDictionary<string, string> texts)
    {
        (Query, Data, Package, this.texts) = (query, data, package, texts);
        // Said in the evidence of every judgement, so they are written out once.
        places = [.. program.Rules.Select(r => JsonEncodedText.Encode($"{r.Location.File}:{r.Location.Row}"))];
        held = [.. program.Rules.Select(r => JsonEncodedText.Encode($"{r.Location.File}:{r.Location.Row} {r.Path}"))];
        answering = [.. program.Rules.Select(r => RegoDecision.Members.Contains(r.Path[(r.Path.LastIndexOf('.') + 1)..]))];
    }

    /// <summary>Answers one array: for each of <see cref="RegoDecision.Members"/> an array of its value, empty where it is undefined.</summary>
    public PreparedQuery Query { get; }

    /// <summary>What <c>data</c> is before any rule.</summary>
    public Value Data { get; }

    public string Package { get; }

    /// <summary>Whether a rule gives members of an answer, in the entry package or in one that it may collect from.</summary>
    public bool Answers(RuleInfo rule) => answering[rule.Index];

    /// <summary>Whether a rule is of the entry package's own answer.</summary>
    public bool Answers(RuleInfo rule, string member) => rule.Package == Package && rule.Path.EndsWith("." + member, StringComparison.Ordinal);

    /// <summary>File and line.</summary>
    public JsonEncodedText PlaceOf(RuleInfo rule) => places[rule.Index];

    /// <summary>File, line and the document that the rule belongs to.</summary>
    public JsonEncodedText PlaceAndPathOf(RuleInfo rule) => held[rule.Index];

    /// <summary>The line as it is written, without its indentation; empty where there is none.</summary>
    public string TextAt(RegoLocation place)
    {
        if (!texts.TryGetValue(place.File, out var text)) return "";
        var rest = text.AsSpan();
        for (var row = 1; row < place.Row; row++)
        {
            if (rest.IndexOf('\n') is not (>= 0 and var end)) return "";
            rest = rest[(end + 1)..];
        }
        return rest[..(rest.IndexOf('\n') is >= 0 and var at ? at : rest.Length)].Trim().ToString();
    }

    /// <summary>Whether a rule may read this member of the input. What no rule names need not be written. The answer errs on the side of yes: a policy that takes <c>input</c> as a whole reads everything.</summary>
    public bool Reads(string member)
    {
        foreach (var text in texts.Values)
            if (InputUse.TakesWhole(text) || InputUse.Names(text, member)) return true;
        return false;
    }

    /// <param name="prefix">What the modules' paths are shown behind; empty or ending with a slash.</param>
    public static Outcome<CompiledPolicy> Of(PolicyBundle bundle, PolicyDocument document, RegoPolicyOptions options, string prefix)
    {
        var key = (bundle.Digest, prefix, options.Package, options.Version, document.Schema);
        if (Known.TryGetValue(key, out var known)) return known;
        if (!Compile(bundle, document, options, prefix).Try(out var compiled, out var problem)) return problem with { Where = problem.Where ?? bundle.ShownAs };
        if (Known.Count >= KnownMax) Known.Clear();
        return Known[key] = compiled;
    }

    private static Outcome<CompiledPolicy> Compile(PolicyBundle bundle, PolicyDocument document, RegoPolicyOptions options, string prefix)
    {
        var judging = bundle.Modules.Where(m => !m.Path.EndsWith(TestEnding, StringComparison.Ordinal)).ToList();
        if (judging.Count == 0) return Refuse($"'{bundle.ShownAs}' holds no module that could judge (*.rego; tests, *{TestEnding}, do not judge)");
        if (judging.Sum(m => (long)m.Source.Length) > TextBytesMax) return Refuse($"'{bundle.ShownAs}' holds more than {TextBytesMax} bytes of Rego");
        if (!Parse(judging, options, prefix, out var texts).Try(out var modules, out var problem)) return problem;
        var packages = modules.Select(m => m.PackageName).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (!packages.Contains(options.Package))
            return Refuse($"no module of '{bundle.ShownAs}' is of the package '{options.Package}', which would be asked; it has {string.Join(", ", packages.Take(5))}{NearMatch.Hint(options.Package, packages)}")
                with { Remedy = $"Begin a module with `package {options.Package}`, or say under `package` whose rules are the answer." };

        var compiled = RegoProgram.Compile(modules, new CompileOptions { InputSchema = document.InputSchema });
        if (!compiled.Ok) return Refuse(compiled.Errors);
        var program = compiled.Value;
        foreach (var rule in program.Rules)
            if (bundle.HasDataAt(rule.Path.Split('.')[1..])) return Refuse($"{rule.Path} is a rule ({rule.Location}), and data gives it a value as well");
        if (Entries(program, options.Package) is { } nothing) return nothing;
        var query = program.Prepare($"[{string.Join(", ", RegoDecision.Members.Select(m => $"[x | x := data.{options.Package}.{m}]"))}]");
        return query.Ok ? new CompiledPolicy(program, query.Value, Value.FromJson(bundle.Data.Span), options.Package, texts) : Refuse(query.Errors);
    }

    private static Outcome<IReadOnlyList<RegoModule>> Parse(List<BundleModule> judging, RegoPolicyOptions options, string prefix, out Dictionary<string, string> texts)
    {
        texts = new(StringComparer.Ordinal);
        List<RegoModule> modules = [];
        List<RegoError> errors = [];
        // Reading metadata takes a YAML reader, the dearest part of a first judgement; most policies only describe themselves by it.
        var needsMetadata = judging.Exists(m => m.Source.Span.IndexOf("rego.metadata."u8) >= 0 || m.Source.Span.IndexOf("schemas:"u8) >= 0);
        foreach (var module in judging)
        {
            var name = prefix + module.Path;
            if (!System.Text.Unicode.Utf8.IsValid(module.Source.Span)) return Refuse($"{name} is not UTF-8");
            texts[name] = Encoding.UTF8.GetString(module.Source.Span);
            var version = options.Version ?? module.RegoVersion;
            var parsed = RegoModule.Parse(texts[name], name, new ParseOptions { Version = version == 0 ? RegoVersion.V0 : RegoVersion.V1, Metadata = needsMetadata });
            if (parsed.Ok) modules.Add(parsed.Value);
            else errors.AddRange(parsed.Errors);
        }
        return errors.Count > 0 ? Refuse(errors) : modules;
    }

    /// <summary>A package that answers nothing would deny everything, and one whose rule is misspelled would not deny what it should: the first is refused here, the second is for `policy check`.</summary>
    private static Problem? Entries(RegoProgram program, string package)
    {
        var names = program.Rules.Where(r => r.Package == package).Select(r => r.Path[("data.".Length + package.Length + 1)..].Split('.', '[')[0]).Distinct(StringComparer.Ordinal).ToList();
        if (names.Any(n => RegoDecision.Members.Contains(n))) return null;
        var near = names.Select(n => (Name: n, Near: NearMatch.Of(n, RegoDecision.Members))).FirstOrDefault(n => n.Near is not null);
        return Refuse($"the package '{package}' answers nothing: it has none of the rules {string.Join(", ", RegoDecision.Members)}{(near.Near is null ? "" : $"; did you mean '{near.Near}' by '{near.Name}'?")}");
    }

    private static Problem Refuse(IReadOnlyList<RegoError> errors) =>
        Refuse(string.Join("; ", errors.Take(ErrorsShownMax).Select(e => e.OnOneLine)) + (errors.Count > ErrorsShownMax ? $"; and {errors.Count - ErrorsShownMax} more" : "")) with { Where = errors[0].Location.ToString() };

    private static Problem Refuse(string why) => new(ProblemCode.PolicyInvalid, $"The policy cannot be used: {why}.")
        { Remedy = "Mend it until `cabincrew policy check` finds nothing, or name another under `policies`." };
}
