// What must hold for every bundle: order and packing never matter, what is built is read back, and no changed byte of a signed bundle gets through.
using System.Text;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Governance.Policies.Bundles.Signing;
using CabinCrew.Tests.Spec;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CabinCrew.Tests.Properties;

[Clause("PRE-07")]
public sealed class BundleProperties
{
    private static readonly Config Quiet = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(60);

    // Data in directories of their own, modules anywhere.
    private static readonly Arbitrary<(string Path, string Text)[]> Files = Arb.From(
        from count in Gen.Choose(1, 6)
        from kinds in Gen.Elements("p{0}.rego", "a/p{0}.rego", "d{0}/data.json", "e/{0}/data.yaml", "config/{0}", "README{0}").ArrayOf(count)
        from numbers in Gen.Choose(0, 99).ArrayOf(count)
        select kinds.Select((k, i) => (Path: string.Format(System.Globalization.CultureInfo.InvariantCulture, k, i), Text: Text(k, numbers[i]))).Append((Path: "z.rego", Text: "package z\n")).ToArray());

    private static string Text(string kind, int number) =>
        kind.EndsWith(".rego", StringComparison.Ordinal) ? $"package a.b{number}\nx := {number}\n" : kind.EndsWith("json", StringComparison.Ordinal) ? $$"""{"n":{{number}}}""" : $"n: {number}\n";

    [Fact]
    public void Neither_order_nor_packing_matters_to_the_digest() => Prop.ForAll(Files, files =>
        BundleLab.Good(BundleLab.Archive(files)).Digest == BundleLab.Good(BundleLab.Archive(System.Formats.Tar.TarEntryFormat.Pax, [.. files.Reverse().Select(f => ("/" + f.Path, f.Text))])).Digest).Check(Quiet);

    [Fact]
    public void Two_bundles_with_one_digest_have_the_same_files() => Prop.ForAll(Files, Files, (one, two) =>
    {
        var (a, b) = (BundleLab.Good(BundleLab.Archive(one)), BundleLab.Good(BundleLab.Archive(two)));
        return a.Digest == b.Digest == (Plain(a) == Plain(b));
        static string Plain(PolicyBundle bundle) => string.Join('|', bundle.Files.Select(f => $"{f.Path}={Encoding.UTF8.GetString(f.Bytes.Span)}"));
    }).Check(Quiet);

    [Fact]
    public void What_was_read_is_read_again() => Prop.ForAll(Files, files =>
    {
        var bundle = BundleLab.Good(BundleLab.Archive(files));
        var again = BundleLab.Good(bundle.Archive.ToArray());
        return again.Digest == bundle.Digest && again.Data.Span.SequenceEqual(bundle.Data.Span) && again.Archive.Span.SequenceEqual(bundle.Archive.Span) && again.Ignored.SequenceEqual(bundle.Ignored);
    }).Check(Quiet);

    [Fact]
    public void No_changed_byte_of_what_is_read_gets_past_a_signature()
    {
        var key = BundleKey.Of([.. Enumerable.Range(0, 40).Select(i => (byte)i)], "HS256", "k", "k").Value;
        var options = new BundleOptions(new([key]));
        var plain = BundleLab.Good(BundleLab.Archive(("p.rego", BundleLab.Policy), ("data.json", """{"a":[1,"x"]}"""), (".manifest", """{"revision":"r"}""")));
        var signed = BundleLab.Good(BundleBuild.WithSignatures(plain, BundleBuild.Sign(plain, key, "k", "").Value), options);
        var all = signed.Files.Append(new(BundlePaths.Signatures, BundleBuild.Sign(plain, key, "k", "").Value)).ToList();
        Prop.ForAll(Arb.From(Gen.Choose(0, all.Count - 1)), Arb.From(Gen.Choose(0, 10_000)), Arb.From(Gen.Choose(1, 255)), (file, at, flip) =>
        {
            var bytes = all[file].Bytes.ToArray();
            bytes[at % bytes.Length] ^= (byte)flip;
            var changed = all.Select((f, i) => i == file ? f with { Bytes = bytes } : f).OrderBy(f => f.Path, StringComparer.Ordinal);
            var loaded = BundleLab.Load(BundleLab.Gzip(BundleTar.Write(changed)), options);
            // Blanks between JSON's tokens may change; nothing that means anything may.
            return !loaded.Ok || (loaded.Value.Data.Span.SequenceEqual(signed.Data.Span) && loaded.Value.Manifest.Revision == "r" && loaded.Value.Modules.Single().Source.Span.SequenceEqual(signed.Modules.Single().Source.Span));
        }).Check(Quiet.WithMaxTest(2000));
    }
}
