// Rules that cannot stand beside each other: of different kinds at one reference, inside each other's value, several defaults, a rule where a package is.
// Rules are put in a tree by the ground part of their references; only that part can be compared before evaluation.
using System.Collections.Immutable;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks;

internal static class Conflicts
{
    private sealed record Placed(RegoModule Module, Rule Rule);

    private sealed class Place(Place? parent, Value? key)
    {
        private Dictionary<Value, Place>? children;

        private string Key { get; } = key?.ToString() ?? "";

        public string Name => parent is null ? "data" : parent.Name + (key is StringValue text ? Step(text.Text) : $"[{key}]");

        public List<Placed> Rules { get; } = [];

        public List<RegoModule> Packages { get; } = [];

        /// <summary>In the order of their keys as they are written.</summary>
        public List<Place> Children
        {
            get
            {
                List<Place> ordered = children is null ? [] : [.. children.Values];
                ordered.Sort(static (a, b) => string.CompareOrdinal(a.Key, b.Key));
                return ordered;
            }
        }

        public Place Child(Value key)
        {
            children ??= [];
            if (!children.TryGetValue(key, out var child))
                children[key] = child = new Place(this, key);
            return child;
        }
    }

    public static void Check(IReadOnlyList<RegoModule> modules, ImmutableArray<RegoError>.Builder errors)
    {
        var root = new Place(null, null);
        foreach (var module in modules)
        {
            var package = root;
            foreach (var name in module.Package.Path)
                package = package.Child(new StringValue(name));
            package.Packages.Add(module);
            foreach (var rule in module.Rules)
                PlaceOf(package, rule).Rules.Add(new(module, rule));
        }

        var pending = new Stack<Place>([root]);
        while (pending.TryPop(out var place))
        {
            CheckPlace(place, errors);
            var children = place.Children;
            for (var i = children.Count - 1; i >= 0; i--)
                pending.Push(children[i]);
        }
    }

    private static string Step(string name) =>
        name.Length > 0 && (char.IsAsciiLetter(name[0]) || name[0] == '_') && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? "." + name : $"[{new StringValue(name)}]";

    private static Place PlaceOf(Place package, Rule rule)
    {
        var place = package.Child(new StringValue(rule.Head.Name));
        foreach (var term in rule.Head.Reference.Path)
        {
            if (term is not ScalarTerm scalar)
                break;
            place = place.Child(scalar.Value);
        }

        return place;
    }

    private static bool IsGround(Rule rule)
    {
        foreach (var term in rule.Head.Reference.Path)
        {
            if (term is not ScalarTerm)
                return false;
        }

        return true;
    }

    private static void CheckPlace(Place place, ImmutableArray<RegoError>.Builder errors)
    {
        if (place.Rules.Count == 0)
            return;

        var first = place.Rules[0].Rule;
        var rules = place.Rules.ConvertAll(placed => placed.Rule);
        var (complete, ground) = (0, 0);
        foreach (var rule in rules)
        {
            if (!IsGround(rule))
                continue;
            ground++;
            complete += rule.Head.Kind == RuleKind.SingleValue ? 1 : 0;
        }

        List<string> below = [];
        if (ground > 0)
            AddRulesBelow(place, below);
        var defaults = rules.FindAll(rule => rule.IsDefault);
        if (below.Count > 0)
            errors.Add(first.Span.Error(ModuleChecks.TypeError, $"rule {place.Name} conflicts with [{string.Join(' ', below)}]"));
        else if (rules.Exists(rule => rule.Head.Kind != first.Head.Kind || rule.Head.Arguments.Length != first.Head.Arguments.Length) || (complete > 0 && complete < rules.Count))
            errors.Add(first.Span.Error(ModuleChecks.TypeError, $"conflicting rules {place.Name} found"));
        else if (defaults.Count > 1)
            errors.Add(defaults[1].Span.Error(ModuleChecks.TypeError, $"multiple default rules {place.Name} found at {string.Join(", ", defaults.Select(rule => rule.Span.ToLocation()))}"));

        if (place.Packages.Count == 0)
            return;
        foreach (var (module, rule) in place.Rules.Where(placed => IsGround(placed.Rule)))
        {
            foreach (var package in place.Packages)
                errors.Add(module.Package.Span.Error(ModuleChecks.TypeError, $"package {package.PackageName} conflicts with rule {place.Name} defined at {rule.Span.ToLocation()}"));
        }
    }

    private static void AddRulesBelow(Place place, List<string> into)
    {
        foreach (var child in place.Children)
        {
            if (child.Rules.Count > 0)
                into.Add(child.Name);
            AddRulesBelow(child, into);
        }
    }
}
