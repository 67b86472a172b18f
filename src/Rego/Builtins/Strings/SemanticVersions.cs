// semver.is_valid and semver.compare, after Semantic Versioning 2.0.0.
using System.Numerics;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Strings;

internal static class SemanticVersions
{
    public static Builtin[] Table =>
    [
        new("semver.is_valid", "vsn: any -> result: boolean", static (_, args) => Value.From(args[0] is StringValue text && Version.Parse(text.Text) is not null)),
        new("semver.compare", "a: string, b: string -> result: number", Compare),
    ];

    private sealed record Version(BigInteger[] Numbers, string[] PreRelease)
    {
        public static Version? Parse(string text)
        {
            if (text.Length > 1_000) return null;
            var plus = text.IndexOf('+', StringComparison.Ordinal);
            if (plus >= 0 && !Identifiers(text[(plus + 1)..], numbersStrict: false)) return null;
            if (plus >= 0) text = text[..plus];
            var dash = text.IndexOf('-', StringComparison.Ordinal);
            if (dash >= 0 && !Identifiers(text[(dash + 1)..], numbersStrict: true)) return null;
            var core = (dash < 0 ? text : text[..dash]).Split('.');
            if (core.Length != 3 || !core.All(IsNumber)) return null;
            return new Version([.. core.Select(part => BigInteger.Parse(part, System.Globalization.CultureInfo.InvariantCulture))], dash < 0 ? [] : text[(dash + 1)..].Split('.'));
        }

        public int CompareTo(Version other)
        {
            for (var i = 0; i < 3; i++)
            {
                var order = Numbers[i].CompareTo(other.Numbers[i]);
                if (order != 0) return order;
            }

            // A version is later than all of its pre-releases.
            if (PreRelease.Length == 0 || other.PreRelease.Length == 0) return other.PreRelease.Length.CompareTo(PreRelease.Length);
            for (var i = 0; i < Math.Min(PreRelease.Length, other.PreRelease.Length); i++)
            {
                var order = ComparePart(PreRelease[i], other.PreRelease[i]);
                if (order != 0) return order;
            }

            return PreRelease.Length.CompareTo(other.PreRelease.Length);
        }

        private static int ComparePart(string left, string right) => (IsNumber(left), IsNumber(right)) switch
        {
            (true, true) when left.Length != right.Length => left.Length.CompareTo(right.Length),
            (true, false) => -1,
            (false, true) => 1,
            _ => string.CompareOrdinal(left, right),
        };

        private static bool IsNumber(string part) => part.Length > 0 && part.All(char.IsAsciiDigit) && (part[0] != '0' || part.Length == 1);

        private static bool Identifiers(string text, bool numbersStrict) => text.Split('.').All(part =>
            part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && (!numbersStrict || !part.All(char.IsAsciiDigit) || IsNumber(part)));
    }

    private static Value? Compare(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var left) || !context.Text(args, 1, out var right)) return null;
        if (Version.Parse(left) is not { } a) return context.Fail($"operand 1: string {GoText.Quote(left)} is not a valid SemVer");
        if (Version.Parse(right) is not { } b) return context.Fail($"operand 2: string {GoText.Quote(right)} is not a valid SemVer");
        return NumberValue.Of(Math.Sign(a.CompareTo(b)));
    }
}
