// The names of one rule or query: which are declared where, which belong to the package or the imports, which are free (and then one local for the whole rule).
// Declaring twice, or after use, is an error in OPA's words.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile;

/// <summary>All locals of a rule; their number is the size of its frame.</summary>
internal sealed class Frame
{
    /// <summary>Ordering a body takes time and memory by the square of its locals, so they are bounded.</summary>
    public const int LocalsMax = 2_000;

    private readonly List<Local> locals = [];

    public int Size => locals.Count;

    public IReadOnlyList<Local> Locals => locals;

    public Local New(string name, bool isGenerated = false)
    {
        var local = new Local(name, locals.Count, isGenerated);
        locals.Add(local);
        return local;
    }

    public Local Generate() => New("local", true);
}

/// <summary>What the names of one module mean outside rules: its package's rules and its imports.</summary>
internal sealed class ModuleNames(RuleNode root, Dictionary<string, CoreRef> globals)
{
    public RuleNode Root => root;

    public CoreRef? Find(string name) => globals.GetValueOrDefault(name);

    public static CoreRef Reference(RefRoot root, string[] path) => new(root, null, Array.ConvertAll(path, static key => (CoreTerm)new CoreConst(new StringValue(key))));
}

internal enum Occurrence
{
    Seen,
    Argument,
    Assigned,
    Declared,
}

internal sealed class Scopes(Frame frame, ModuleNames names)
{
    private sealed class Entry(Local local, Occurrence how, SourceSpan span)
    {
        public Local Local => local;

        public Occurrence How => how;

        /// <summary>Where it was declared, if it must be used; else nowhere.</summary>
        public SourceSpan Span => span;
    }

    private sealed class Scope(HashSet<string> declaredLater)
    {
        public Dictionary<string, Entry> Entries { get; } = new(StringComparer.Ordinal);

        public HashSet<string> DeclaredLater => declaredLater;

        public HashSet<string>? Used { get; set; }
    }

    private readonly List<Scope> stack = [];
    private readonly Dictionary<string, Local> free = new(StringComparer.Ordinal);

    public List<RegoError> Errors { get; } = [];

    public void Push(HashSet<string> declared) => stack.Add(new(declared));

    /// <summary>Ends a scope; a variable of a <c>some</c> that nothing used is an error, as in OPA.</summary>
    public void Pop()
    {
        var scope = stack[^1];
        stack.RemoveAt(stack.Count - 1);
        if (Errors.Count > 0) return;
        foreach (var (name, entry) in scope.Entries)
        {
            if (entry.How == Occurrence.Declared && scope.Used?.Contains(name) != true && name[0] != '$' && entry.Span.Source is not null)
                Errors.Add(entry.Span.Error("rego_compile_error", $"declared var {name} unused"));
        }
    }

    public Local Declare(string name, Occurrence how, SourceSpan span, bool mustBeUsed = false)
    {
        var scope = stack[^1];
        if (scope.Entries.TryGetValue(name, out var earlier))
        {
            Errors.Add(span.Error("rego_compile_error", earlier.How switch
            {
                Occurrence.Seen => $"var {name} referenced above",
                Occurrence.Argument => $"arg {name} redeclared",
                Occurrence.Assigned => $"var {name} assigned above",
                _ => $"var {name} declared above",
            }));
            return earlier.Local;
        }

        var local = frame.New(name);
        scope.Entries[name] = new(local, how, mustBeUsed ? span : SourceSpan.None);
        return local;
    }

    /// <summary>The local that a name stands for where one is declared, without counting as a use.</summary>
    public Local? Declared(string name)
    {
        for (var i = stack.Count - 1; i >= 0; i--)
        {
            if (stack[i].Entries.TryGetValue(name, out var entry) && entry.How != Occurrence.Seen) return entry.Local;
        }

        return null;
    }

    public CoreTerm Use(string name)
    {
        var hidden = false;
        for (var i = stack.Count - 1; i >= 0; i--)
        {
            if (stack[i].Entries.TryGetValue(name, out var entry))
            {
                (stack[i].Used ??= new(StringComparer.Ordinal)).Add(name);
                return new CoreLocal(entry.Local);
            }

            hidden |= stack[i].DeclaredLater.Contains(name);
        }

        if (!hidden && names.Find(name) is { } global) return global;
        if (!free.TryGetValue(name, out var local)) free[name] = local = frame.New(name);
        stack[^1].Entries[name] = new(local, Occurrence.Seen, SourceSpan.None);
        return new CoreLocal(local);
    }

    public CoreRef? Global(string name)
    {
        foreach (var scope in stack)
        {
            if (scope.DeclaredLater.Contains(name)) return null;
        }

        return names.Find(name);
    }

    public RuleNode Root => names.Root;

    /// <summary>The names that a body declares anywhere at its own level: they hide rules and imports in all of it.</summary>
    public static HashSet<string> DeclaredIn(Body body)
    {
        var declared = new HashSet<string>(StringComparer.Ordinal);
        foreach (var expression in body.Expressions)
        {
            switch (expression)
            {
                case AssignExpr assign:
                    PatternNames(assign.Left, declared);
                    break;
                case SomeExpr some:
                    foreach (var variable in some.Variables) declared.Add(variable.Name);
                    break;
                case SomeInExpr some:
                    PatternNames(some.Key, declared);
                    PatternNames(some.Value, declared);
                    break;
            }
        }

        return declared;
    }

    /// <summary>The variables that a pattern would bind.</summary>
    public static void PatternNames(Term? pattern, HashSet<string> into)
    {
        switch (pattern)
        {
            case VarTerm variable:
                into.Add(variable.Name);
                break;
            case RefTerm { Head: VarTerm head, Path.IsEmpty: true }:
                into.Add(head.Name);
                break;
            case ArrayTerm array:
                foreach (var item in array.Items) PatternNames(item, into);
                break;
            case ObjectTerm map:
                foreach (var item in map.Items) PatternNames(item.Value, into);
                break;
        }
    }
}
