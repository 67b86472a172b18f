// Changes inputs: bytes, lines, numbers, words of the language, and values of JSON. All of it from one seeded source of chance.
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CabinCrew.Tests.Fuzz;

internal sealed class Mutator(Random random, FuzzTarget target)
{
    private static readonly byte[][] Odd =
    [
        [0], [0xff], [0x80], [0xef, 0xbb, 0xbf], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98, 0x80], [0xe2, 0x80, 0xa8], [0x7f], [0x1b, (byte)'['], [(byte)'\r'], [(byte)'\n'], [(byte)'\t'],
        "\\ud83d"u8.ToArray(), "\\u0000"u8.ToArray(), "\\"u8.ToArray(), "\""u8.ToArray(), "{"u8.ToArray(), "["u8.ToArray(), "}"u8.ToArray(), ","u8.ToArray(), ":"u8.ToArray(), " "u8.ToArray(), "/"u8.ToArray(), "../"u8.ToArray(),
    ];

    private static readonly string[] Numbers =
        ["0", "-0", "-1", "1", "2", "255", "256", "65536", "2147483647", "2147483648", "4294967295", "9007199254740991", "9007199254740992", "9223372036854775807", "9223372036854775808", "1e400", "1e-400", "1.0", "1E2", "0.1e1", "00", "01", "1e20"];

    private static readonly string[] Values = ["null", "true", "{}", "[]", "\"\"", "0", "[[[[]]]]", "{\"a\":{\"a\":1}}", "\"\\u0041\"", "\"\\ud83d\\ude00\"", "1e308", "-0.0", "\"2026-01-31T12:00:00Z\""];

    private readonly byte[][] words = [.. target.Words.Select(Encoding.UTF8.GetBytes)];

    /// <param name="other">Another input to take pieces from.</param>
    public byte[] Next(byte[] input, byte[] other)
    {
        var changes = 1 + random.Next(random.Next(2) == 0 ? 2 : 6);
        for (var i = 0; i < changes; i++) input = Change(input, other);
        if (random.Next(200) == 0) input = BlowUp(input);
        return target.Mend is { } mend && random.Next(4) != 0 ? mend(input, random) : input;
    }

    private byte[] Change(byte[] a, byte[] b) => random.Next(20) switch
    {
        0 => Flip(a),
        1 => Replace(a, At(a), 1, Pick(Odd)),
        2 or 3 => Cut(a),
        4 => Replace(a, At(a), 0, Piece(a)),
        5 => Replace(a, At(a), 0, Word()),
        6 => Replace(a, At(a), random.Next(12), Word()),
        7 => [.. a.AsSpan(0, At(a)), .. b.AsSpan(At(b))],
        8 => Replace(a, At(a), random.Next(4) == 0 ? random.Next(40) : 0, Piece(b)),
        9 or 10 => Number(a),
        11 => a[..At(a)],
        12 or 13 or 14 => Lines(a, b),
        _ => Json(a, b) ?? Lines(a, b),
    };

    private byte[] Flip(byte[] a)
    {
        if (a.Length == 0) return a;
        byte[] flipped = [.. a];
        flipped[random.Next(a.Length)] ^= (byte)(1 << random.Next(8));
        return flipped;
    }

    private byte[] Cut(byte[] a) => Replace(a, At(a), 1 + random.Next(random.Next(3) == 0 ? 64 : 4), []);

    // Repeated until it is long: what costs more than its length says shows itself.
    private byte[] BlowUp(byte[] a)
    {
        if (a.Length == 0) return a;
        var at = At(a);
        var piece = a.AsSpan(at, Math.Min(a.Length - at, 1 + random.Next(random.Next(2) == 0 ? 6 : 200))).ToArray();
        if (piece.Length == 0) return a;
        var times = Math.Max(0, target.BytesMax - a.Length) / piece.Length;
        var long_ = new byte[piece.Length * times];
        for (var i = 0; i < times; i++) piece.CopyTo(long_, i * piece.Length);
        return Replace(a, at, 0, long_);
    }

    private byte[] Number(byte[] a)
    {
        var from = At(a);
        while (from < a.Length && !char.IsAsciiDigit((char)a[from])) from++;
        if (from == a.Length) return Replace(a, At(a), 0, Encoding.ASCII.GetBytes(Pick(Numbers)));
        var end = from;
        while (end < a.Length && char.IsAsciiDigit((char)a[end])) end++;
        var near = end - from < 9 && random.Next(2) == 0
            ? (int.Parse(Encoding.ASCII.GetString(a, from, end - from), CultureInfo.InvariantCulture) + random.Next(-2, 3)).ToString(CultureInfo.InvariantCulture)
            : Pick(Numbers);
        return Replace(a, from, end - from, Encoding.ASCII.GetBytes(near));
    }

    private byte[] Lines(byte[] a, byte[] b)
    {
        var lines = Split(a);
        if (lines.Count == 0) return a;
        var at = random.Next(lines.Count);
        switch (random.Next(8))
        {
            case 0: lines.RemoveAt(at); break;
            case 1: lines.Insert(at, lines[at]); break;
            case 2: (lines[at], lines[random.Next(lines.Count)]) = (lines[random.Next(lines.Count)], lines[at]); break;
            case 3 when Split(b) is { Count: > 0 } others: lines.Insert(at, Pick(others)); break;
            case 4: lines[at] = [.. "  "u8, .. lines[at]]; break;
            case 5: lines[at] = lines[at].AsSpan().StartsWith("  "u8) ? lines[at][2..] : [(byte)' ', .. lines[at]]; break;
            case 6:
                var to = at + 1 + random.Next(Math.Min(8, lines.Count - at));
                lines.InsertRange(random.Next(lines.Count), lines[at..Math.Min(to, lines.Count)]);
                break;
            default: lines[at] = Replace(lines[at], At(lines[at]), random.Next(3), Word()); break;
        }
        return [.. lines.SelectMany(l => l)];
    }

    private static List<byte[]> Split(byte[] a)
    {
        var lines = new List<byte[]>();
        for (var at = 0; at < a.Length && lines.Count < 4000;)
        {
            var end = Array.IndexOf(a, (byte)'\n', at) is var n and >= 0 ? n + 1 : a.Length;
            lines.Add(a[at..end]);
            at = end;
        }
        return lines;
    }

    /// <summary>A value becomes another one, or one member is doubled, renamed or gone. Null where there is no JSON.</summary>
    private byte[]? Json(byte[] a, byte[] b)
    {
        var start = a.AsSpan().IndexOf((byte)'{');
        if (start < 0 || a.Length > 20_000) return null;
        // Of several documents any: each begins a line.
        for (var i = random.Next(4); i > 0 && a.AsSpan(start + 1).IndexOf("\n{"u8) is var next and >= 0; i--) start += next + 2;
        var (values, members) = Parts(a.AsSpan(start));
        if (values.Count == 0) return null;
        var (from, end) = random.Next(3) == 0 && members.Count > 0 ? Pick(members) : Pick(values);
        var own = a[(start + from)..(start + end)];
        switch (random.Next(5))
        {
            case 0 when members.Count > 0:
                (from, end) = Pick(members);
                return Replace(a, start + end, 0, [.. ","u8, .. a.AsSpan(start + from, end - from)]);
            case 1 when members.Count > 0:
                (from, end) = Pick(members);
                var comma = start + end < a.Length && a[start + end] == ',' ? 1 : 0;
                return Replace(a, start + from, end - from + comma, []);
            case 2:
                var brace = b.AsSpan().IndexOf((byte)'{');
                var others = brace < 0 ? [] : Parts(b.AsSpan(brace)).Values;
                if (others.Count == 0) goto default;
                var (f, e) = Pick(others);
                return Replace(a, start + from, end - from, b[(brace + f)..(brace + e)]);
            case 3: return Replace(a, start + from, end - from, [.. "["u8, .. own, .. "]"u8]);
            default: return Replace(a, start + from, end - from, Encoding.UTF8.GetBytes(random.Next(3) == 0 && words.Length > 0 ? JsonSerializer.Serialize(Pick(target.Words)) : Pick(Values)));
        }
    }

    private static (List<(int From, int End)> Values, List<(int From, int End)> Members) Parts(ReadOnlySpan<byte> json)
    {
        var (values, members) = (new List<(int, int)>(), new List<(int, int)>());
        var open = new Stack<(int From, int Member)>();
        var reader = new Utf8JsonReader(json, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 500 }));
        var member = -1;
        try
        {
            while (reader.Read())
            {
                var (at, end) = ((int)reader.TokenStartIndex, (int)reader.BytesConsumed);
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        member = at;
                        continue;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        open.Push((at, member));
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        var (from, own) = open.Pop();
                        values.Add((from, end));
                        if (own >= 0) members.Add((own, end));
                        if (open.Count == 0) return (values, members);
                        break;
                    default:
                        values.Add((at, end));
                        if (member >= 0) members.Add((member, end));
                        break;
                }
                member = -1;
            }
        }
        catch (JsonException)
        {
            // Broken by an earlier change: what stands before is still good to be changed.
        }
        return (values, members);
    }

    private byte[] Word() => random.Next(5) switch
    {
        0 => Pick(Odd),
        1 => Encoding.ASCII.GetBytes(Pick(Numbers)),
        _ => words.Length > 0 ? Pick(words) : Pick(Odd),
    };

    private byte[] Piece(byte[] a)
    {
        var at = At(a);
        return a[at..Math.Min(a.Length, at + 1 + random.Next(random.Next(3) == 0 ? 200 : 12))];
    }

    private int At(byte[] a) => random.Next(a.Length + 1);

    private T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];

    private static byte[] Replace(byte[] a, int at, int length, byte[] by) => [.. a.AsSpan(0, at), .. by, .. a.AsSpan(Math.Min(a.Length, at + length))];
}
