// What the terminal can show, and that nothing from outside can act on it.
using System.Text;
using System.Text.Json;
using CabinCrew.Cli.Rendering;

namespace CabinCrew.Tests.Golden;

public sealed class TerminalTests
{
    private static Terminal Detect(bool output = true, bool input = true, int? columns = 100, params (string Name, string Value)[] variables) =>
        Terminal.Detect(n => variables.Where(v => v.Name == n).Select(v => v.Value).FirstOrDefault(), output, input, columns);

    [Fact]
    public void A_terminal_has_colour_a_live_line_and_a_person()
    {
        Assert.Equal(new Terminal(Color: true, Live: true, Interactive: true, Width: 100), Detect());
        Assert.Equal(new Terminal(Color: false, Live: false, Interactive: false, Width: 100), Detect(output: false, columns: null));
        Assert.False(Detect(input: false).Interactive);
    }

    [Fact]
    public void Variables_decide_colour_in_their_order()
    {
        Assert.False(Detect(variables: ("NO_COLOR", "1")).Color);
        Assert.True(Detect(variables: ("NO_COLOR", "")).Color);
        Assert.True(Detect(output: false, variables: ("CLICOLOR_FORCE", "1")).Color);
        Assert.False(Detect(output: false, variables: ("CLICOLOR_FORCE", "0")).Color);
        Assert.False(Detect(variables: [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).Color);
        Assert.False(Detect(variables: ("CLICOLOR", "0")).Color);
        Assert.False(Detect(variables: ("TERM", "dumb")).Color);
    }

    [Fact]
    public void Automation_gets_plain_lines_and_is_not_asked()
    {
        var terminal = Detect(variables: ("CI", "true"));
        Assert.False(terminal.Live);
        Assert.False(terminal.Interactive);
    }

    [Fact]
    public void Width_is_bounded()
    {
        Assert.Equal(120, Detect(variables: ("COLUMNS", "120")).Width);
        Assert.Equal(40, Detect(columns: 3).Width);
        Assert.Equal(160, Detect(columns: 5000).Width);
        Assert.Equal(100, Detect(variables: ("COLUMNS", "-5")).Width);
    }

    [Theory]
    [InlineData("plain, naïve, 日本語, 🙂", "plain, naïve, 日本語, 🙂")]
    [InlineData("\e[31mred\e[0m", "\\x1b[31mred\\x1b[0m")]
    [InlineData("\e]0;title\a", "\\x1b]0;title\\x07")]
    [InlineData("a\r\nb\tc", "a\\r\\nb\\tc")]
    [InlineData("\u009b31m", "\\x9b31m")]
    [InlineData("user\u202etxt.exe", "user\\u{202e}txt.exe")]
    [InlineData("a\u200bb\ufeffc\u00add", "a\\u{200b}b\\u{feff}c\\xadd")]
    [InlineData("a\u2066b\u2069", "a\\u{2066}b\\u{2069}")]
    [InlineData("x\U000E0041\U000E0042", "x\\u{e0041}\\u{e0042}")]
    [InlineData("x\u3164y", "x\\u{3164}y")]
    [InlineData("👩\u200d💻", "👩\u200d💻")]
    [InlineData("two\u2028lines", "two\\u{2028}lines")]
    public void Nothing_acts_on_the_terminal(string text, string shown)
    {
        Assert.Equal(shown, SafeText.Line(text));
        Assert.Equal(shown, SafeText.Line(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Broken_text_is_shown_as_what_it_is()
    {
        Assert.Equal("a\\u{d800}b", SafeText.Line("a\ud800b"));
        Assert.Equal("a\\xff\\xfeb", SafeText.Line([(byte)'a', 0xff, 0xfe, (byte)'b']));
        Assert.Equal("a\n\tb\\x00", SafeText.Block("a\n\tb\0"));
    }

    [Fact]
    public void Json_is_the_same_value_and_obeyed_by_no_terminal()
    {
        var hostile = "\e[2J\u202e\u200b\U000E0041 <b> \"日本\" 🙂 \u0085\u2028";
        var text = JsonOutput.Object(j => j.WriteString("text", hostile));
        Assert.Equal(hostile, JsonDocument.Parse(text).RootElement.GetProperty("text").GetString());
        Assert.Equal(text.Replace("\n", "", StringComparison.Ordinal), SafeText.Line(text.Replace("\n", "", StringComparison.Ordinal)));
        Assert.Contains("<b>", text);
        Assert.Contains("日本", text);
        Assert.EndsWith("}\n", text);
    }
}
