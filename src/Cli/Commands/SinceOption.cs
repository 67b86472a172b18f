// `--since`: a date, a time, or how long ago.
using System.CommandLine;
using System.Globalization;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands;

/// <param name="At">Null: from the beginning.</param>
internal readonly record struct Since(DateTimeOffset? At)
{
    /// <param name="what">For the help: what is left out that is older.</param>
    public static Option<string?> Option(string what) => new("--since") { Description = $"Only {what} since then: a date, a time (RFC 3339), or how long ago (7d, 12h).", HelpName = "WHEN" };

    public static Outcome<Since> Of(string? text)
    {
        if (text is null) return new Since(null);
        if (Quantities.Duration(text) is { } ago) return new Since(TimeProvider.System.GetUtcNow() - ago);
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? new Since(at)
            : new Problem(ProblemCode.InvalidArgument, $"--since takes a date (2026-11-01), a time (2026-11-01T12:00:00Z) or {Quantities.DurationShape}, not '{text}'");
    }
}
