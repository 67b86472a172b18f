// uuid.rfc4122 (from the evaluation's seed) and uuid.parse. Source: RFC 9562 and OPA's field names.
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using CabinCrew.Rego.Builtins.Numbers;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Strings;

internal static class Uuids
{
    // 100 ns from 1582-10-15, where UUIDs count from, to 1970.
    private const long TicksToUnix = 122_192_928_000_000_000;

    public static Builtin[] Table =>
    [
        new("uuid.rfc4122", "k: string -> output: string", Make, BuiltinTraits.Nondeterministic),
        new("uuid.parse", "uuid: string -> result: object[string: any]", static (context, args) => context.Text(args, 0, out var text) ? Parse(text) : null),
    ];

    private static StringValue? Make(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var key)) return null;
        var bytes = SeededBytes.Make(context.Seed, "uuid.rfc4122", Encoding.UTF8.GetBytes(key), 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new StringValue(new Guid(bytes, bigEndian: true).ToString("D", CultureInfo.InvariantCulture));
    }

    // Undefined where the text is no UUID: plain, in braces, as a URN, or bare digits.
    private static ObjectValue? Parse(string text)
    {
        var digits = text.Length switch
        {
            36 => text,
            38 when text[0] == '{' && text[^1] == '}' => text[1..^1],
            45 when text.StartsWith("urn:uuid:", StringComparison.OrdinalIgnoreCase) => text[9..],
            32 => text,
            _ => "",
        };
        if (!Guid.TryParseExact(digits, digits.Length == 32 ? "N" : "D", out var guid)) return null;
        var bytes = guid.ToByteArray(bigEndian: true);
        var version = bytes[6] >> 4;
        var map = new ObjectValue.Builder();
        map.Set("version", NumberValue.Of(version));
        map.Set("variant", new StringValue((bytes[8] >> 5) switch { < 4 => "Reserved", < 6 => "RFC4122", 6 => "Microsoft", _ => "Future" }));
        if (version is 1 or 2) AddTimed(map, bytes, version);
        return map.Build();
    }

    private static void AddTimed(ObjectValue.Builder map, byte[] bytes, int version)
    {
        long low = BinaryPrimitives.ReadUInt32BigEndian(bytes), middle = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(4));
        long high = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(6)) & 0x0FFF;
        map.Set("time", NumberValue.Of(((BigInteger)((high << 48) | (middle << 32) | low) - TicksToUnix) * 100));
        map.Set("nodeid", new StringValue(string.Join('-', bytes[10..].Select(b => b.ToString("x2", CultureInfo.InvariantCulture)))));
        map.Set("macvariables", new StringValue(((bytes[10] & 2) != 0 ? "local" : "global") + ":" + ((bytes[10] & 1) != 0 ? "multicast" : "unicast")));
        map.Set("clocksequence", NumberValue.Of(BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(8)) & 0x3FFF));
        if (version != 2) return;
        map.Set("id", NumberValue.Of(low));
        map.Set("domain", new StringValue(bytes[9] switch { 0 => "Person", 1 => "Group", 2 => "Org", var other => $"Domain{other}" }));
    }
}
