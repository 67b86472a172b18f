// Doors for policies from elsewhere: archives, manifests, signatures, patterns, package clauses, and the answers of a remote OPA.
using System.Text;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Governance.Policies.Bundles.Signing;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Tests.Spec;
using static CabinCrew.Tests.Fuzz.FuzzTarget;

namespace CabinCrew.Tests.Fuzz;

internal static class BundleTargets
{
    private static readonly BundleKey Key = BundleKey.Of([.. Enumerable.Repeat((byte)'k', 40)], "HS256", "k", "k").Value;

    private static readonly System.Buffers.SearchValues<char> Special = System.Buffers.SearchValues.Create("*?[]{}\\");

    public static IEnumerable<FuzzTarget> All =>
    [
        new("bundle", [.. Tars()], Bundle, "package a.b\n", "../", "ustar\0", "/.manifest", "data.json", "12 path=x\n", "\"roots\":[\"a\"]", "{\"a\":{}}") { Mend = Checksums, Short = 3000, Memory = (16 << 20, 400) },
        new("bundle-signature", [BundleBuild.Sign(BundleLab.Good(BundleLab.Archive(("p.rego", BundleLab.Policy))), Key, "k", "s").Value, "{\"signatures\":[\"e30.e30.e30\"]}"u8.ToArray()], Signature, "eyJhbGciOiJub25lIn0", ".", "\"plugin\":\"x\"", "e30", "=") { Short = 3000 },
        new("file-pattern", [.. JsonTargets.Texts("/a/*.rego\n/a/b.rego", "/{a,b{c,d}}/**\n/bc/x/y", "[!a-c]?\\*\nd\u00e9*")], Pattern, "**", "{", "}", ",", "[", "]", "\\", "!") { Short = 8000, Time = (400, 60) },
        new("package", [.. JsonTargets.Texts("# c\npackage a.b[\"c d\"]\nx := 1", "package a\n", "\uFEFF package a.b#")], Package, "package ", "[\"", "\"]", ".", "#", "\n", "\\u0000") { Short = 8000 },
        new("policy-answer", [.. JsonTargets.Texts("""{"deny":["a",{"msg":"m","id":"x"}],"warn":[],"require_approval":[{"msg":"r","role":"s","count":2,"evidence":{}}]}""", """{"decision":{"decision":"warn","reason":"r"}}""")], Answer, "\"deny\":", "\"decision\":", "\"allow\"", "\"count\":", "1e3", "null") { Short = 6000 },
    ];

    private static IEnumerable<byte[]> Tars()
    {
        yield return BundleLab.Tar(BundleLab.Entry("p.rego", Encoding.UTF8.GetBytes(BundleLab.Policy)), BundleLab.Entry("a/data.json", "{\"x\":[1]}"u8.ToArray()), BundleLab.Entry("/.manifest", "{\"roots\":[\"cabincrew\",\"a\"],\"revision\":\"r\"}"u8.ToArray()));
        yield return BundleLab.Tar(BundleLab.Entry("a/", [], '5'), BundleLab.Entry("x", "15 path=a/q.rego\n"u8.ToArray(), 'x'), BundleLab.Entry("q", "package a\n"u8.ToArray()), BundleLab.Entry("././@LongLink", "b.rego\0"u8.ToArray(), 'L'), BundleLab.Entry("b", "package b\n"u8.ToArray()), BundleLab.Entry("data.yaml", "a: [1, x]\n"u8.ToArray()));
    }

    // Each header's checksum made right again, so that what was changed is read.
    private static byte[] Checksums(byte[] input, Random random)
    {
        var tar = (byte[])input.Clone();
        for (var at = 0; at + 512 <= tar.Length;)
        {
            var header = tar.AsSpan(at, 512);
            header.Slice(148, 8).Fill((byte)' ');
            var sum = 0;
            foreach (var b in header) sum += b;
            Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header[148..]);
            var size = 0L;
            foreach (var b in header.Slice(124, 11)) size = b is >= (byte)'0' and <= (byte)'7' ? size * 8 + b - '0' : size;
            at = (int)Math.Min(tar.Length, at + 512 + (size + 511) / 512 * 512);
        }
        return tar;
    }

    private static string Bundle(byte[] input)
    {
        var into = new BundleFiles("t", BundleLimits.Default);
        if (BundleTar.Read(input, into) is { } refused) return Refused(refused);
        if (!PolicyBundle.Of(into, new(IgnoreSignature: true)).Try(out var bundle, out var problem)) return Refused(problem);
        Holds(StrictJson.Parse(bundle.Data, new(BytesMax: 64 << 20, DepthMax: 128, ValuesMax: 5_000_000)).Ok, "its data is no strict JSON");
        foreach (var file in bundle.Files) Holds(!file.Path.Split('/').Any(p => p is "" or "." or "..") && file.Path.All(c => c is >= ' ' and <= '~'), $"a name got in: {file.Path}");
        foreach (var module in bundle.Modules) Holds(BundleRoots.Contain(bundle.Manifest.Roots, string.Join('/', module.Package)), "a module outside the roots");
        var again = new BundleFiles("t", BundleLimits.Default);
        Holds(BundleTar.Read(BundleTar.Write(bundle.Files), again) is null, "what was read cannot be written");
        Holds(PolicyBundle.Of(again, new()).Value.Digest == bundle.Digest, "written and read again it is another bundle");
        return $"a bundle of {Math.Min(bundle.Modules.Count, 3)} modules";
    }

    private static string Signature(byte[] input)
    {
        var into = new BundleFiles("t", BundleLimits.Default);
        into.Add("p.rego", Encoding.UTF8.GetBytes(BundleLab.Policy));
        into.Add(BundlePaths.Signatures, input);
        if (!PolicyBundle.Of(into, new(new([Key], Scope: "s"))).Try(out var bundle, out var problem)) return Refused(problem);
        Holds(bundle.Signature is { Files: 1, Scope: "s" }, "a signature that says something else was taken");
        return "verified";
    }

    private static string Pattern(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        var cut = text.IndexOf('\n', StringComparison.Ordinal);
        var (pattern, path) = cut < 0 ? (text, text) : (text[..cut], text[(cut + 1)..]);
        var match = GoGlob.IsMatch(pattern, path);
        if (pattern.Length <= 256 && !pattern.AsSpan().ContainsAny(Special)) Holds(match == (pattern == path), "a plain pattern matches itself alone");
        return $"{GoGlob.IsPattern(pattern)} {match}";
    }

    private static string Package(byte[] input)
    {
        if (PackageClause.Read(input) is not { } path) return "none";
        Holds(path.Count is > 0 and <= 64, "a path of no length that is allowed");
        return $"a package of {Math.Min(path.Count, 4)}";
    }

    private static string Answer(byte[] input)
    {
        if (!StrictJson.Parse(input).Try(out var json, out var problem) || !RegoDecision.Read(json, "p").Try(out var verdicts, out problem)) return Refused(problem);
        Holds(verdicts.Count > 0 && verdicts.All(v => v.Reason.Length is > 0 and <= 2001 && v.PolicyId.Length > 0 && Enum.IsDefined(v.Decision) && v.Count is >= 1 and <= 100), "a verdict of no shape");
        Holds(verdicts.Any(v => v.Decision != Decision.Allow) || !json.TryGetProperty("deny", out var deny) || deny.GetArrayLength() == 0, "a denial got lost");
        return string.Join(' ', verdicts.Select(v => v.Decision).Distinct());
    }
}
