// YAML to values through YamlDotNet's event parser: scalars resolved as YAML 1.1 (Go's yaml.v2, which OPA uses), keys as
// JSON has them (strings), aliases and merge keys followed within a budget, one document.
using System.Globalization;
using System.Numerics;
using CabinCrew.Rego.Values;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CabinCrew.Rego.Yaml;

internal sealed class YamlReader
{
    private const int DepthMax = 200;

    private readonly Action<long> charge;
    private readonly Parser parser;
    private readonly Dictionary<AnchorName, (Value Value, long Size)> anchors = [];
    private int depth;
    private long size;

    private YamlReader(Action<long> charge, string text)
    {
        this.charge = charge;
        parser = new Parser(new StringReader(text));
    }

    /// <summary>Null, and Go's message, where the text is no YAML. <paramref name="charge"/> takes elements off the caller's budget; it may throw to end the reading.</summary>
    public static Value? Read(Action<long> charge, string text, out string problem)
    {
        problem = "";
        try
        {
            var reader = new YamlReader(charge, text);
            reader.parser.Consume<StreamStart>();
            if (reader.parser.Accept<StreamEnd>(out _)) return NullValue.Instance;
            reader.parser.Consume<DocumentStart>();
            var value = reader.Node();
            reader.parser.Consume<DocumentEnd>();
            return value;
        }
        catch (YamlException refused)
        {
            var words = refused.Message;
            var comma = words.IndexOf(", did not find", StringComparison.Ordinal);
            // Go counts the lines of what its parser (not its scanner) refuses from zero.
            var line = refused is SemanticErrorException ? refused.Start.Line - 1 : refused.Start.Line;
            problem = $"yaml: line {Math.Max(line, 1)}: {(comma < 0 ? words : words[(comma + 2)..])}";
            return null;
        }
    }

    private Value Node()
    {
        charge(1);
        size++;
        if (++depth > DepthMax) throw new YamlException(parser.Current!.Start, parser.Current.End, "exceeded max depth of " + DepthMax);
        var before = size;
        var anchor = parser.Current is NodeEvent { Anchor: { IsEmpty: false } name } ? name : AnchorName.Empty;
        var value = parser.Current switch
        {
            AnchorAlias => Alias(),
            SequenceStart => Sequence(),
            MappingStart => Mapping(),
            _ => Scalar(parser.Consume<Scalar>()),
        };
        if (!anchor.IsEmpty) anchors[anchor] = (value, size - before + 1);
        depth--;
        return value;
    }

    // What an alias stands for is charged again: nested aliases multiply.
    private Value Alias()
    {
        var alias = parser.Consume<AnchorAlias>();
        if (!anchors.TryGetValue(alias.Value, out var known)) throw new YamlException(alias.Start, alias.End, $"unknown anchor '{alias.Value}' referenced");
        charge(known.Size);
        size += known.Size;
        return known.Value;
    }

    private ArrayValue Sequence()
    {
        parser.Consume<SequenceStart>();
        var items = new ArrayValue.Builder();
        while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(Node());
        return items.Build();
    }

    private ObjectValue Mapping()
    {
        parser.Consume<MappingStart>();
        var own = new ObjectValue.Builder();
        var merged = new List<ObjectValue>();
        while (!parser.TryConsume<MappingEnd>(out var _))
        {
            var start = parser.Current!;
            var isMerge = start is Scalar { Value: "<<", Style: ScalarStyle.Plain };
            var key = Node();
            if (key.Kind is ValueKind.Array or ValueKind.Object) throw new YamlException(start.Start, start.End, "invalid map key");
            var value = Node();
            if (isMerge) AddMerged(merged, value, start);
            else if (own.AddOrGet(new StringValue(key is StringValue text ? text.Text : key.ToString()), value) is not null) throw new YamlException(start.Start, start.End, $"key {key} already set in map");
        }

        for (var i = 0; i < merged.Count; i++)
        {
            for (var j = 0; j < merged[i].Count; j++) own.AddOrGet(merged[i].Keys[j], merged[i].Values[j]);
        }

        return own.Build();
    }

    private static void AddMerged(List<ObjectValue> merged, Value value, ParsingEvent start)
    {
        if (value is ObjectValue map) merged.Add(map);
        else if (value is ArrayValue maps && maps.Items.ToArray().All(item => item is ObjectValue)) merged.AddRange(maps.Items.ToArray().Cast<ObjectValue>());
        else throw new YamlException(start.Start, start.End, "map merge requires map or sequence of maps as the value");
    }

    private static Value Scalar(Scalar scalar)
    {
        if (scalar.Style != ScalarStyle.Plain) return new StringValue(scalar.Value);
        if (!scalar.Tag.IsEmpty && scalar.Tag.Value.EndsWith(":str", StringComparison.Ordinal)) return new StringValue(scalar.Value);
        return scalar.Value switch
        {
            "" or "~" or "null" or "Null" or "NULL" => NullValue.Instance,
            "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" or "y" or "Y" => BooleanValue.True,
            "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" or "n" or "N" => BooleanValue.False,
            ".nan" or ".NaN" or ".NAN" or ".inf" or ".Inf" or ".INF" or "+.inf" or "-.inf" or "+.Inf" or "-.Inf" or "+.INF" or "-.INF" =>
                throw new YamlException(scalar.Start, scalar.End, $"json: unsupported value: {scalar.Value}"),
            var text => Number(text) ?? (Value)new StringValue(text),
        };
    }

    private static NumberValue? Number(string text)
    {
        if (!char.IsAsciiDigit(text[0]) && text[0] is not ('-' or '+' or '.')) return null;
        var plain = text.Replace("_", "", StringComparison.Ordinal);
        var negative = plain.StartsWith('-');
        var digits = plain.TrimStart('+', '-');
        if (plain.Length - digits.Length > 1 || digits.Length == 0) return null;
        var radix = digits.Length > 2 && digits[0] == '0' ? char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'b' => 2, 'o' => 8, _ => 10 } : 10;
        if (radix == 10 && digits.Length > 1 && digits[0] == '0' && digits.All(c => c is >= '0' and <= '7')) return Radix(digits[1..], 8, negative);
        if (radix != 10) return Radix(digits[2..], radix, negative);
        if (digits[0] == '.') digits = "0" + digits;
        if (digits.EndsWith('.')) digits += "0";
        digits = digits.TrimStart('0') is { Length: > 0 } rest && char.IsAsciiDigit(rest[0]) ? rest : "0" + digits.TrimStart('0');
        return NumberValue.Parse(negative ? "-" + digits : digits);
    }

    private static NumberValue? Radix(string digits, int radix, bool negative)
    {
        var number = BigInteger.Zero;
        foreach (var c in digits)
        {
            if (!int.TryParse([c], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var digit) || digit >= radix) return null;
            number = (number * radix) + digit;
            if (digits.Length > 4_000) return null;
        }

        return digits.Length == 0 ? null : NumberValue.Of(negative ? -number : number);
    }
}
