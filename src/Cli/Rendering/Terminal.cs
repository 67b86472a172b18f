// What the output can show: colour, width, a live line. Decided once from the environment, then passed on; pure.
// NO_COLOR (no-color.org) wins over CLICOLOR_FORCE, and that over what the stream is (bixense.com/clicolors).
using System.Globalization;

namespace CabinCrew.Cli.Rendering;

/// <param name="Color">ANSI colours may be written.</param>
/// <param name="Live">A line may be rewritten in place; else progress is plain lines.</param>
/// <param name="Interactive">A person can be asked: both input and output are a terminal.</param>
/// <param name="Width">Columns to fill.</param>
internal sealed record Terminal(bool Color, bool Live, bool Interactive, int Width)
{
    private const int WidthPlain = 100;
    private const int WidthMin = 40;
    private const int WidthMax = 160;

    /// <param name="environment">Reads a variable; null where it is not set.</param>
    /// <param name="columns">The window's width, or null where there is none.</param>
    public static Terminal Detect(Func<string, string?> environment, bool outputIsTerminal, bool inputIsTerminal, int? columns)
    {
        var dumb = environment("TERM") is "dumb";
        var automated = IsSet("CI") && environment("CI") is not ("false" or "0");
        var color =
            !IsSet("NO_COLOR") &&
            (IsSet("CLICOLOR_FORCE") && environment("CLICOLOR_FORCE") != "0" || outputIsTerminal && !dumb && environment("CLICOLOR") != "0");
        var width = int.TryParse(environment("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) && asked > 0 ? asked
            : outputIsTerminal && columns is > 0 ? columns.Value
            : WidthPlain;
        return new(color, outputIsTerminal && !dumb && !automated, outputIsTerminal && inputIsTerminal && !automated, Math.Clamp(width, WidthMin, WidthMax));

        bool IsSet(string name) => !string.IsNullOrEmpty(environment(name));
    }

    public static Terminal OfProcess()
    {
        var output = !Console.IsOutputRedirected;
        return Detect(Environment.GetEnvironmentVariable, output, !Console.IsInputRedirected, output ? WindowWidth() : null);
    }

    private static int? WindowWidth()
    {
        try
        {
            return Console.WindowWidth;
        }
        catch (IOException)
        {
            return null; // a terminal that does not tell
        }
    }
}
