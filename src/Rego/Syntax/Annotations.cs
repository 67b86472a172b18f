// A metadata block (# METADATA and the YAML below it), checked and tied to the rule or package that it describes.
using System.Collections.Immutable;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax;

/// <summary>How far an annotation reaches.</summary>
internal enum AnnotationScope
{
    /// <summary>The one rule below the block.</summary>
    Rule,

    /// <summary>All rules with the same reference, in every module of the package.</summary>
    Document,

    /// <summary>The package, in every module of it.</summary>
    Package,

    /// <summary>The package and all packages below it.</summary>
    Subpackages,
}

/// <summary>The annotations of one block.</summary>
internal sealed class Annotations(SourceSpan span, AnnotationScope scope, Node target, ObjectValue document) : Node(span)
{
    public AnnotationScope Scope { get; } = scope;

    /// <summary>The <see cref="Rule"/> or <see cref="Package"/> below the block.</summary>
    public Node Target { get; } = target;

    /// <summary>What <c>rego.metadata.rule()</c> answers: scope, title, description, entrypoint, organizations, related_resources, authors, schemas, custom; only what was given.</summary>
    public ObjectValue Document { get; } = document;

    public string? Title => (Document.Get("title") as StringValue)?.Text;

    public string? Description => (Document.Get("description") as StringValue)?.Text;

    /// <summary>Which documents have the shape of which schema.</summary>
    public ImmutableArray<SchemaAnnotation> Schemas { get; } = document.Get("schemas") is ArrayValue schemas ? [.. schemas.Items.ToArray().Select(SchemaAnnotation.Of)] : [];

    public bool IsEntrypoint => Document.Get("entrypoint") is BooleanValue { Flag: true };
}

/// <summary>One document and its schema: the name of one (<c>schema.a.b</c>, as a path), or a schema itself.</summary>
internal sealed record SchemaAnnotation(ArrayValue Path, ArrayValue? Name, ObjectValue? Definition)
{
    public static SchemaAnnotation Of(Value entry) => Of((ObjectValue)entry);

    private static SchemaAnnotation Of(ObjectValue checkedEntry) =>
        new((ArrayValue)checkedEntry.Get("path")!, checkedEntry.Get("schema") as ArrayValue, checkedEntry.Get("definition") as ObjectValue);
}
