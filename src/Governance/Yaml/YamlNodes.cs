// The only door for YAML: one document, a mapping at its root, bounded, without anchors, aliases, tags, merge keys, directives or
// duplicate keys. What is left means the same to every reader, and cannot grow when it is read.
using System.Text;
using CabinCrew.Governance.Files;
using CabinCrew.Protocol;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CabinCrew.Governance.Yaml;

/// <param name="DepthMax">Nesting of mappings and lists.</param>
/// <param name="NodesMax">Scalars, mappings, lists and keys.</param>
public sealed record YamlLimits(int BytesMax = 1 << 20, int DepthMax = 48, int NodesMax = 100_000)
{
    public static readonly YamlLimits Default = new();
}

public static class YamlNodes
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file. A missing one is <see cref="ProblemCode.NotFound"/>; anything wrong in it is <paramref name="code"/>.</summary>
    /// <param name="shownAs">The file's name in messages; default the path.</param>
    public static Outcome<YamlMap> ReadFile(string path, ProblemCode code, string? shownAs = null, YamlLimits? limits = null) =>
        PlainFile.Read(path, (limits ?? YamlLimits.Default).BytesMax, code).Then(file => Read(file.Bytes, shownAs ?? path, code, limits));

    public static Outcome<YamlMap> Read(string text, string name, ProblemCode code, YamlLimits? limits = null)
    {
        limits ??= YamlLimits.Default;
        if (text.Length > limits.BytesMax || Encoding.UTF8.GetByteCount(text) > limits.BytesMax)
            return new Problem(code, $"{name}:1:1: larger than {limits.BytesMax} bytes") { Where = name };
        var errors = new YamlErrors(name, code);
        if (text.AsSpan().IndexOfAny('\u0085', '\u2028', '\u2029') is >= 0 and var separator)
        {
            // Line ends to YAML 1.1, and to YAML 1.2 and most editors characters like others: what a reviewer sees in a comment would be read as a key.
            var before = text.AsSpan(0, separator);
            errors.Add(before.Count('\n') + 1, separator - before.LastIndexOf('\n'), $"the character U+{(int)text[separator]:X4} ends a line for some readers and for others not; write it as an escape in double quotes");
            return errors.ToProblem();
        }
        try
        {
            return new Reader(text, errors, limits).Document();
        }
        catch (Refused)
        {
            return errors.ToProblem();
        }
        catch (YamlException e)
        {
            AddWithTabs(errors, text, (int)e.Start.Line, (int)e.Start.Column, Sentence(e));
            return errors.ToProblem();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException or IndexOutOfRangeException or NullReferenceException)
        {
            // The parser is another's code and the input is hostile: what it trips over is refused.
            AddWithTabs(errors, text, 1, 1, $"not readable as YAML ({e.GetType().Name})");
            return errors.ToProblem();
        }
    }

    public static Outcome<YamlMap> Read(ReadOnlyMemory<byte> utf8, string name, ProblemCode code, YamlLimits? limits = null)
    {
        if (utf8.Length > (limits ?? YamlLimits.Default).BytesMax)
            return new Problem(code, $"{name}:1:1: larger than {(limits ?? YamlLimits.Default).BytesMax} bytes") { Where = name };
        string text;
        try
        {
            text = Strict.GetString(utf8.Span);
        }
        catch (DecoderFallbackException)
        {
            return new Problem(code, $"{name}:1:1: not valid UTF-8") { Where = name };
        }

        return Read(text.StartsWith('\uFEFF') ? text[1..] : text, name, code, limits);
    }

    private static string Sentence(YamlException e) => e.Message.TrimEnd('.').ReplaceLineEndings(" ");

    // The parser often gives up far from the tab that it could not take, so the first line indented with one is named instead.
    private static void AddWithTabs(YamlErrors errors, string text, int line, int column, string message)
    {
        var number = 0;
        foreach (var at in text.AsSpan().EnumerateLines())
        {
            number++;
            var tab = at[..(at.Length - at.TrimStart(" \t").Length)].IndexOf('\t');
            if (tab < 0) continue;
            errors.Add(number, tab + 1, $"indented with a tab: indent with spaces (the reader says: {message})");
            return;
        }

        errors.Add(Math.Max(1, line), Math.Max(1, column), message);
    }

    private sealed class Refused : Exception;

    private sealed class Reader(string text, YamlErrors errors, YamlLimits limits)
    {
        private readonly Parser parser = new(new StringReader(text));
        private int nodes;

        public YamlMap Document()
        {
            Move<StreamStart>();
            if (Move() is StreamEnd) throw Refuse(parser.Current!, "expected a mapping, found an empty file");
            var start = Current<DocumentStart>();
            if (start.Version is not null) throw Refuse(start, "directives (%YAML) are not taken");
            Move();
            var root = Node(0);
            Move<DocumentEnd>();
            if (Move() is not StreamEnd) throw Refuse(parser.Current!, "expected the end of the file, found a second document");
            if (root is not YamlMap map) throw Refuse(root.Line, root.Column, $"expected a mapping, found {(root is YamlScalar { Type: YamlType.Nothing } ? "an empty file" : root.Is)}");
            if (errors.Any) throw new Refused();
            return map;
        }

        // Reads the node whose first event is current, and leaves its last event current.
        private YamlNode Node(int depth)
        {
            var at = parser.Current!;
            if (++nodes > limits.NodesMax) throw Refuse(at, $"more than {limits.NodesMax} values");
            if (depth > limits.DepthMax) throw Refuse(at, $"nested more than {limits.DepthMax} deep");
            if (at is AnchorAlias) throw Refuse(at, "aliases (*name) are not taken: write the value out");
            if (at is NodeEvent { Anchor.IsEmpty: false }) throw Refuse(at, "anchors (&name) are not taken: write the value out where it is used");
            if (at is NodeEvent { Tag.IsEmpty: false }) throw Refuse(at, "tags (!name) are not taken");
            return at switch
            {
                Scalar scalar => OfScalar(scalar),
                SequenceStart => OfList(at, depth),
                MappingStart => OfMap(at, depth),
                _ => throw Refuse(at, "expected a value"),
            };
        }

        private YamlList OfList(ParsingEvent at, int depth)
        {
            List<YamlNode> items = [];
            while (Move() is not SequenceEnd) items.Add(Node(depth + 1));
            return new(errors, Line(at), Column(at), items);
        }

        private YamlMap OfMap(ParsingEvent at, int depth)
        {
            List<YamlEntry> entries = [];
            Dictionary<string, YamlScalar> seen = new(StringComparer.Ordinal);
            while (Move() is { } next and not MappingEnd)
            {
                if (next is not (Scalar or AnchorAlias)) throw Refuse(next, "a key must be text");
                var key = (YamlScalar)Node(depth + 1);
                if (key.Type != YamlType.Text) throw Refuse(key.Line, key.Column, $"a key must be text, found {key.Is}: put it in quotes");
                if (key.Text == "<<") throw Refuse(key.Line, key.Column, "merge keys (<<) are not taken: write the keys out");
                Move();
                var value = Node(depth + 1);
                if (seen.TryAdd(key.Text, key)) entries.Add(new(key, value));
                else errors.Add(key, $"the key '{YamlMap.Clip(key.Text)}' stands here a second time (first in line {seen[key.Text].Line})");
            }

            return new(errors, Line(at), Column(at), entries);
        }

        private YamlScalar OfScalar(Scalar at)
        {
            if (HasLoneSurrogate(at.Value)) throw Refuse(at, "not valid Unicode text (half of a surrogate pair)");
            var (type, value, error) = at.Style == ScalarStyle.Plain ? CoreSchema.Resolve(at.Value) : (YamlType.Text, at.Value, null);
            if (error is not null) errors.Add(Line(at), Column(at), error);
            return new(errors, Line(at), Column(at), at.Value, type, value);
        }

        private ParsingEvent Move()
        {
            if (!parser.MoveNext()) throw Refuse(1, 1, "expected more, found the end of the file");
            return parser.Current!;
        }

        private T Move<T>() where T : ParsingEvent
        {
            Move();
            return Current<T>();
        }

        private T Current<T>() where T : ParsingEvent =>
            parser.Current as T ?? throw Refuse(parser.Current!, $"not readable as YAML (unexpected {parser.Current!.GetType().Name})");

        private Refused Refuse(ParsingEvent at, string message) => Refuse(Line(at), Column(at), message);

        private Refused Refuse(int line, int column, string message)
        {
            errors.Add(line, column, message);
            return new();
        }

        private static int Line(ParsingEvent at) => (int)at.Start.Line;

        private static int Column(ParsingEvent at) => (int)at.Start.Column;

        private static bool HasLoneSurrogate(string s)
        {
            for (var i = 0; i < s.Length; i++)
            {
                if (!char.IsSurrogate(s[i])) continue;
                if (!char.IsHighSurrogate(s[i]) || i + 1 == s.Length || !char.IsLowSurrogate(s[i + 1])) return true;
                i++;
            }

            return false;
        }
    }
}
