// A parsed policy file. Invariant: it parsed without errors; nothing in it is resolved yet.
using System.Collections.Immutable;
using CabinCrew.Rego.Syntax.Parsing;

namespace CabinCrew.Rego.Syntax;

/// <summary><c>package a.b.c</c></summary>
internal sealed class Package(SourceSpan span, ImmutableArray<string> path) : Node(span)
{
    /// <summary>The path without <c>data</c>: a, b, c.</summary>
    public ImmutableArray<string> Path { get; } = path;
}

/// <summary><c>import data.a.b as c</c>. <c>future.keywords...</c> and <c>rego.v1</c> are kept here too, though the parser has acted on them.</summary>
internal sealed class Import(SourceSpan span, RefTerm path, string? alias) : Node(span)
{
    /// <summary>Head <c>data</c>, <c>input</c>, <c>future</c> or <c>rego</c>; all path terms are strings.</summary>
    public RefTerm Path { get; } = path;

    public string? Alias { get; } = alias;

    /// <summary>The import is about the language (<c>future</c>, <c>rego</c>) and declares no name.</summary>
    public bool IsLanguage => ((VarTerm)Path.Head).Name is "future" or "rego";
}

/// <summary>A comment with its text (without the #).</summary>
internal sealed class Comment(SourceSpan span, string text) : Node(span)
{
    public string Text { get; } = text;
}

/// <summary>A policy file as a syntax tree.</summary>
public sealed class RegoModule
{
    internal RegoModule(SourceText source, RegoVersion version, Package package)
    {
        Source = source;
        Version = version;
        Package = package;
    }

    /// <summary>The name by which errors call this file.</summary>
    public string FileName => Source.Name;

    /// <summary>The package, dotted and without <c>data</c>: <c>cabincrew.preflight</c>.</summary>
    public string PackageName => string.Join('.', Package.Path);

    /// <summary>The grammar it was read with.</summary>
    public RegoVersion Version { get; }

    /// <summary>Reads a policy file. <paramref name="fileName"/> is what errors call it. Errors are parse errors in OPA's words; what the names mean is not checked yet.</summary>
    public static RegoResult<RegoModule> Parse(string text, string fileName, ParseOptions? options = null) =>
        new Parser(new SourceText(fileName, text), options ?? ParseOptions.Default).ParseModule();

    internal SourceText Source { get; }

    internal Package Package { get; }

    internal ImmutableArray<Import> Imports { get; init; } = [];

    internal ImmutableArray<Rule> Rules { get; init; } = [];

    internal ImmutableArray<Comment> Comments { get; init; } = [];

    internal ImmutableArray<Annotations> Annotations { get; init; } = [];

    /// <summary><c>import rego.v1</c> in a v0 module, or any v1 module: the stricter rules of v1 hold.</summary>
    internal bool IsStrict { get; init; }

    public override string ToString() => $"{FileName} (package {PackageName})";
}
