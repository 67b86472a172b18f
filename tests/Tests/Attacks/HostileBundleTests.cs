// Bundles by an attacker: names that lead elsewhere, links, twins, bombs, damaged archives, documents that readers disagree about. Nothing of such a bundle is ever loaded.
using System.Text;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Tests.Spec;
using Xunit;
using static CabinCrew.Tests.Spec.BundleLab;

namespace CabinCrew.Tests.Attacks;

[Clause("PRE-07")]
public sealed class HostileBundleTests : IDisposable
{
    private static readonly byte[] Rego = Encoding.UTF8.GetBytes(Policy);
    private readonly TempTree tree = new();

    public void Dispose() => tree.Dispose();

    private static string RefusedTar(params byte[][] entries) => Refused(Load(Gzip(Tar([Entry("p.rego", Rego), .. entries]))));

    [Theory]
    [InlineData("../x.rego")]
    [InlineData("a/../../x.rego")]
    [InlineData("a/./x.rego")]
    [InlineData("a//x.rego")]
    [InlineData("//x.rego")]
    [InlineData("/../x.rego")]
    [InlineData("..")]
    [InlineData("a\\..\\x.rego")]
    [InlineData("C:/x.rego")]
    [InlineData("a/b:stream.rego")]
    [InlineData("a\n.rego")]
    [InlineData("a\u001b[31m.rego")]
    [InlineData("a/")]
    [InlineData("\uff50.rego")]
    [InlineData("u\u0308.rego")]
    public void A_name_that_leads_elsewhere_is_refused(string name) => Assert.Contains("no name of a file", RefusedTar(Entry(name, Rego)));

    [Fact]
    public void A_name_too_long_or_too_deep_is_refused()
    {
        Assert.Contains("no name of a file", Refused(Load(Archive(System.Formats.Tar.TarEntryFormat.Pax, (new string('a', 300) + ".rego", Policy)))));
        Assert.Contains("no name of a file", Refused(Load(Archive(System.Formats.Tar.TarEntryFormat.Pax, (string.Concat(Enumerable.Repeat("a/", 40)) + "b.rego", Policy)))));
    }

    [Theory]
    [InlineData('1')]
    [InlineData('2')]
    public void A_link_is_refused(char type) => Assert.Contains("is a link", RefusedTar(Entry("x.rego", [], type, "/etc/passwd")));

    [Theory]
    [InlineData('3')]
    [InlineData('4')]
    [InlineData('6')]
    [InlineData('7')]
    [InlineData('S')]
    [InlineData('K')]
    [InlineData('V')]
    [InlineData('Z')]
    public void A_device_a_fifo_or_a_stranger_is_refused(char type) => Assert.Contains("neither a file nor a directory", RefusedTar(Entry("x.rego", [], type)));

    [Theory]
    [InlineData("p.rego", "twice")]
    [InlineData("/p.rego", "twice")]
    [InlineData("./p.rego", "twice")]
    [InlineData("P.rego", "one name")]
    public void A_second_file_of_the_name_is_refused_whatever_its_spelling(string twin, string why) => Assert.Contains(why, RefusedTar(Entry(twin, Rego)));

    [Fact]
    public void Bombs_are_refused_before_they_go_off()
    {
        var limits = new BundleLimits(ArchiveBytesMax: 1 << 20, TotalBytesMax: 4 << 20, FileBytesMax: 2 << 20, FilesMax: 100);
        var options = new BundleOptions(Limits: limits);
        Assert.Contains("unpacks to more than", Refused(Load(Gzip(new byte[100 << 20]), options)));
        Assert.Contains("unpacks to more than", Refused(Load(Gzip(Gzip(new byte[64 << 20]).Concat(new byte[20 << 20]).ToArray()), options)));
        Assert.Contains("at most 2097152", Refused(Load(Archive(("a/data.json", $"\"{new string('a', 3 << 20)}\"")), options)));
        Assert.Contains("more than 4194304", Refused(Load(Archive([.. Enumerable.Range(0, 4).Select(i => ($"{i}/data.json", $"\"{string.Concat(Enumerable.Repeat(Noise(i, 20_000), 53))}\""))]), options)));
        Assert.Contains("more than 100 entries", Refused(Load(Archive([.. Enumerable.Range(0, 101).Select(i => ($"{i}.txt", ""))]), options)));
        Assert.Contains("more than 100 entries", Refused(Load(Gzip(Tar([.. Enumerable.Range(0, 101).Select(i => Entry($"{i}/", [], '5'))])), options)));
        Assert.Contains("bytes", Refused(PolicyBundle.OfArchive(new byte[(1 << 20) + 1], "x", options)));
    }

    private static string Noise(int seed, int length)
    {
        var bytes = new byte[length / 2];
#pragma warning disable RS0030 // a seed of its own
        new Random(seed).NextBytes(bytes);
#pragma warning restore RS0030
        return Convert.ToHexString(bytes);
    }

    [Fact]
    public void A_damaged_archive_is_refused_wherever_it_was_cut()
    {
        var whole = Archive(("data.json", "{\"a\":1}"), ("p.rego", Policy));
        Assert.True(Load(whole).Ok);
        Refused(Load([]));
        Refused(Load("not gzip"u8.ToArray()));
        // Without the last bytes of gzip everything may have come all the same; what matters is that it is all or nothing.
        for (var cut = 0; cut < whole.Length; cut++)
            if (Load(whole[..cut]) is { Ok: true, Value: { } loaded }) Assert.Equal(Good(whole).Digest, loaded.Digest);
        var tar = Tar(Entry("data.json", "{\"a\":1}"u8.ToArray()), Entry("p.rego", Rego));
        for (var cut = 1; cut < tar.Length - 1024; cut++) Refused(Load(Gzip(tar.AsSpan(0, cut))));
    }

    [Theory]
    [InlineData("77777777777")]
    [InlineData("99999999999")]
    [InlineData("-0000000001")]
    [InlineData("\u0080\0\0\0\0\0\0\0\0\0\u0001")]
    public void A_size_that_cannot_be_is_refused(string size) => Assert.Contains("damaged", RefusedTar(Entry("x.rego", Rego, size: size)));

    [Fact]
    public void A_header_with_a_wrong_checksum_is_refused()
    {
        var entry = Entry("x.rego", Rego);
        entry[0] ^= 1;
        Assert.Contains("damaged", RefusedTar(entry));
    }

    [Fact]
    public void What_follows_the_end_is_not_passed_over() =>
        Assert.Contains("follows the end", Refused(Load(Gzip([.. Tar(Entry("p.rego", Rego)), .. Entry("q.rego", Rego)]))));

    [Theory]
    [InlineData("12 size=99\n")]
    [InlineData("20 linkpath=/etc/pw\n")]
    [InlineData("99 path=x\n")]
    [InlineData("x path=y\n")]
    [InlineData("0 path=y\n")]
    [InlineData("10 path=a\n\n")]
    [InlineData("15 path=a\0.rego\n")]
    [InlineData("10 path=a\n10 path=b\n")]
    [InlineData("22 GNU.sparse.major=1\n")]
    public void A_header_that_says_otherwise_than_the_entry_is_refused(string records) =>
        Refused(Load(Gzip(Tar(Entry("p.rego", Rego), Entry("PaxHeader", Encoding.UTF8.GetBytes(records), 'x'), Entry("q.rego", Rego)))));

    [Fact]
    public void A_pax_name_is_judged_like_any_other()
    {
        Assert.Contains("no name of a file", Refused(Load(Gzip(Tar(Entry("PaxHeader", "18 path=../x.rego\n"u8.ToArray(), 'x'), Entry("q.rego", Rego))))));
        Assert.Contains("no name of a file", Refused(Load(Gzip(Tar(Entry("././@LongLink", "../x.rego\0"u8.ToArray(), 'L'), Entry("q.rego", Rego))))));
        Refused(Load(Gzip(Tar(Entry("PaxHeader", "9 path=q\n"u8.ToArray(), 'g'), Entry("q.rego", Rego)))));
        Refused(Load(Gzip(Tar(Entry("p.rego", Rego), Entry("PaxHeader", "9 path=q\n"u8.ToArray(), 'x')))));
    }

    [Theory]
    [InlineData("data.json", "{\"a\":1,\"a\":2}")]
    [InlineData("data.json", "{\"a\":1,}")]
    [InlineData("data.json", "// x\n{}")]
    [InlineData("data.json", "{\"a\":NaN}")]
    [InlineData("data.json", "{\"a\":12345678901234567890}")]
    [InlineData("data.json", "\uFEFF{}")]
    [InlineData("data.json", "[1]")]
    [InlineData("data.json", "")]
    [InlineData("data.yaml", "a: &x 1\nb: *x\n")]
    [InlineData("data.yaml", "a: 1\na: 2\n")]
    [InlineData("data.yaml", "!!python/object:os.system {}\n")]
    [InlineData("data.yml", "- 1\n")]
    [InlineData("patch.json", "{\"data\":[]}")]
    [InlineData("x/.manifest", "{}")]
    public void A_document_that_readers_disagree_about_is_refused(string path, string text) => Refused(Load(Archive((path, text), ("p.rego", Policy))));

    [Fact]
    public void Nesting_is_bounded()
    {
        Refused(Load(Archive(("data.json", string.Concat(Enumerable.Repeat("{\"a\":", 100_000)) + "1" + new string('}', 100_000)))));
        Refused(Load(Archive(("p.rego", "package a" + string.Concat(Enumerable.Repeat(".a", 100_000))))));
    }

    [Fact]
    public void A_link_in_a_directory_is_refused_and_hidden_directories_are_not_looked_into()
    {
        tree.File("b/p.rego", Policy).File("b/.git/hooks/x.rego", "not rego").File("outside/q.rego", Policy);
        Assert.Single(PolicyBundle.Load(tree["b"], "b").Value.Modules);
        tree.Link("b/.git/link", "/");
        Assert.True(PolicyBundle.Load(tree["b"], "b").Ok);
        tree.Link("b/q.rego", tree["outside/q.rego"]);
        Assert.Contains("is a link", Refused(PolicyBundle.Load(tree["b"], "b")));
        File.Delete(tree["b/q.rego"]);
        tree.Link("b/more", tree["outside"]);
        Assert.Contains("is a link", Refused(PolicyBundle.Load(tree["b"], "b")));
        File.Delete(tree["b/more"]);
        tree.Bash("mkfifo b/r.rego");
        Assert.Contains("not a regular file", Refused(PolicyBundle.Load(tree["b"], "b")));
    }

    [Theory]
    [InlineData("*", "/a/b", false)]
    [InlineData("/*/b", "/a/b", true)]
    [InlineData("/**", "/a/b", true)]
    [InlineData("**/b", "/a/b", true)]
    [InlineData("/a/?", "/a/b", true)]
    [InlineData("/a?b", "/a/b", false)]
    [InlineData("/{a,c}/{b,d}", "/c/d", true)]
    [InlineData("/{a,{c,e}}/x", "/e/x", true)]
    [InlineData("/[a-c]/x", "/b/x", true)]
    [InlineData("/[!a-c]/x", "/b/x", false)]
    [InlineData("/a\\*", "/a*", true)]
    [InlineData("/a\\*", "/ab", false)]
    [InlineData("*/policy.rego", "/policy.rego", true)]
    public void Patterns_for_files_mean_what_opa_means(string pattern, string path, bool match)
    {
        Assert.True(GoGlob.IsPattern(pattern));
        Assert.Equal(match, GoGlob.IsMatch(pattern, path));
    }

    [Fact]
    public void Patterns_are_bounded()
    {
        foreach (var bad in (string[])["", "{a", "a}", "[a", "a\\", new string('a', 300), string.Concat(Enumerable.Repeat("{a,b}", 20))]) Assert.False(GoGlob.IsPattern(bad), bad);
        Assert.False(GoGlob.IsMatch(string.Concat(Enumerable.Repeat("*a", 100)), new string('a', 5000) + "b"));
    }
}
