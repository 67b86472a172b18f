// YAML as an attacker writes it: bombs, cycles, twins, depth, size, things that are no files. Each is refused fast, with one clear message.
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class HostileYamlTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-yaml-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static string Refused(string yaml)
    {
        var clock = Stopwatch.StartNew();
        var read = YamlNodes.Read(yaml, "x.yaml", ProblemCode.PolicyInvalid);
        Assert.False(read.Ok);
        Assert.Equal(ProblemCode.PolicyInvalid, read.Problem.Code);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
        Assert.True(read.Problem.Message.Length < 4000);
        return read.Problem.Message;
    }

    [Fact]
    public void A_billion_laughs_ends_at_the_first_anchor() =>
        Assert.Equal("x.yaml:1:4: anchors (&name) are not taken: write the value out where it is used",
            Refused("a: &a [lol, lol, lol, lol]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n"));

    [Theory]
    [InlineData("a: *b", "alias")]
    [InlineData("? *b\n: c", "alias")]
    [InlineData("a: {<<: {b: c}}", "merge keys")]
    [InlineData("a: !!binary aGk=", "tags")]
    [InlineData("a: !ruby/object:Gem {}", "tags")]
    [InlineData("!!map {a: b}", "tags")]
    [InlineData("? {a: b}\n: c", "a key must be text")]
    [InlineData("? [a]\n: c", "a key must be text")]
    [InlineData("a: \"\\uD800\"", "x.yaml:1:")]
    [InlineData("\"a\": 1\n'a': 2", "a second time")]
    [InlineData("\"\\u0061\": 1\na: 2", "a second time")]
    public void What_makes_yaml_more_than_data_is_refused(string yaml, string says) => Assert.Contains(says, Refused(yaml));

    [Fact]
    public void Depth_is_bounded() => Assert.Contains("deep", Refused("a: " + new string('[', 100_000)));

    [Fact]
    public void Depth_of_block_mappings_is_bounded() =>
        Assert.Contains("deep", Refused(string.Concat(Enumerable.Range(0, 200).Select(i => new string(' ', i) + "a:\n"))));

    [Fact]
    public void Size_is_bounded() => Assert.Contains("larger than 1048576 bytes", Refused("a: " + new string('x', 1 << 20)));

    [Fact]
    public void The_number_of_values_is_bounded() => Assert.Contains("more than 100000 values", Refused("a: [" + string.Concat(Enumerable.Repeat("1,", 200_000)) + "1]"));

    [Fact]
    public void A_line_of_a_megabyte_is_read_or_refused_fast()
    {
        var clock = Stopwatch.StartNew();
        Assert.True(YamlNodes.Read("a: " + new string('x', (1 << 20) - 10), "x", ProblemCode.PolicyInvalid).Ok);
        Refused("? " + new string('{', 1000));
        Refused(new string('-', 500_000) + ":" + new string(':', 500_000));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"took {clock.Elapsed}");
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused()
    {
        var read = YamlNodes.Read(new byte[] { (byte)'a', (byte)':', (byte)' ', 0xC3, 0x28 }, "x.yaml", ProblemCode.PolicyInvalid);
        Assert.Contains("not valid UTF-8", read.Problem!.Message);
    }

    [Fact]
    public void Mutilated_files_never_throw()
    {
        const string Seed = "a: {b: [1, 'x', \"y\\u0041\"], c: |\n  text\n}\nd:\n  - e: f # g\n  - ? h\n    : i\n";
        var random = new Random(20260131);
        const string Bits = "{}[]:,-?&*!|>'\"%@`#\n\t \\\0\uFFFE~<";
        for (var i = 0; i < 20_000; i++)
        {
            var text = new StringBuilder(Seed);
            for (var edits = random.Next(1, 6); edits > 0; edits--)
            {
                var at = random.Next(text.Length);
                if (random.Next(3) == 0) text.Remove(at, 1);
                else text.Insert(at, Bits[random.Next(Bits.Length)]);
            }

            var read = YamlNodes.Read(text.ToString(), "x", ProblemCode.PolicyInvalid);
            if (read.Ok) read.Value.ToJson();
        }
    }

    [Fact]
    public void A_fifo_a_directory_and_an_endless_device_are_no_files()
    {
        var fifo = Path.Combine(directory, "fifo.yaml");
        Assert.Equal(0, MkFifo(Encoding.UTF8.GetBytes(fifo + '\0'), 0x180));
        foreach (var path in (string[])[fifo, directory, "/dev/zero"])
        {
            var read = YamlNodes.ReadFile(path, ProblemCode.PolicyInvalid);
            Assert.Contains("not a regular file", read.Problem!.Message);
        }

        Assert.Equal(ProblemCode.NotFound, YamlNodes.ReadFile(Path.Combine(directory, "none"), ProblemCode.PolicyInvalid).Problem!.Code);
    }

    [DllImport("libc", EntryPoint = "mkfifo")]
    private static extern int MkFifo(byte[] path, uint mode);
}
