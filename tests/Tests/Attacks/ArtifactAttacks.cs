// Hostile artifacts directories: whatever an engine leaves there that is not exactly two regular files per artifact has its own refusal (ART-01, ART-03).
using System.Diagnostics;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Attacks;

[Clause("ART-01")]
public sealed class ArtifactDirectoryAttacks : ArtifactLab
{
    [Theory]
    [InlineData("ln -s /etc/passwd good/body.data", ProblemCode.ArtifactLink)]
    [InlineData("rm good/artifact.json && ln -s /etc/hostname good/artifact.json", ProblemCode.ArtifactLink)]
    [InlineData("ln -s good twin", ProblemCode.ArtifactLink)]
    [InlineData("ln -s / root", ProblemCode.ArtifactLink)]
    [InlineData("ln good/artifact.json hard", ProblemCode.ArtifactLink)]
    [InlineData("echo x > ../outside && ln ../outside good/body.data", ProblemCode.ArtifactLink)]
    [InlineData("mkfifo good/body.data", ProblemCode.ArtifactSpecialFile)]
    [InlineData("mkfifo pipe", ProblemCode.ArtifactSpecialFile)]
    [InlineData("python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('good/body.data')\"", ProblemCode.ArtifactSpecialFile)]
    [InlineData("python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('s')\"", ProblemCode.ArtifactSpecialFile)]
    [InlineData("echo stray > stray", ProblemCode.ArtifactUnexpectedEntry)]
    [InlineData("echo stray > good/stray", ProblemCode.ArtifactUnexpectedEntry)]
    [InlineData("echo stray > good/ARTIFACT.JSON", ProblemCode.ArtifactUnexpectedEntry)]
    [InlineData("mkdir good/inner", ProblemCode.ArtifactUnexpectedEntry)]
    [InlineData("mkdir good/body.data", ProblemCode.ArtifactUnexpectedEntry)]
    [InlineData("for i in $(seq 300); do : > good/f$i; done", ProblemCode.ArtifactUnexpectedEntry)]
    [InlineData(": > $'good/\\xff'", ProblemCode.ArtifactUnexpectedEntry)]
    [InlineData("mkdir empty", ProblemCode.ArtifactJsonMissing)]
    public void What_is_no_artifact_is_refused(string attack, ProblemCode code)
    {
        Good("good");
        Artifacts.Bash($"cd artifacts; {attack}");
        Refused(code);
    }

    [Theory]
    [InlineData(".hidden")]
    [InlineData("-dash")]
    [InlineData("a b")]
    [InlineData("a\\b")]
    [InlineData("..evil")]
    [InlineData("...")]
    [InlineData("ends.")]
    [InlineData("CON")]
    [InlineData("aux.txt")]
    [InlineData("artifact.json")]
    [InlineData("body.data")]
    [InlineData("ünïcode")]
    [InlineData("line\nbreak")]
    [InlineData("esc\u001b[31m")]
    [InlineData("\u202Eright-to-left")]
    [Clause("ART-03")]
    public void Names_that_are_not_allowed_are_refused_and_shown_harmlessly(string name)
    {
        Good(name);
        var problem = Refused(ProblemCode.ArtifactNameInvalid);
        Assert.DoesNotContain(problem.ToString(), c => char.IsControl(c) || c == '\u202E');
    }

    [Fact]
    [Clause("ART-03")]
    public void A_name_that_is_not_utf8_or_too_long_is_refused()
    {
        Artifacts.Bash("mkdir $'artifacts/\\xff\\xfe'");
        Refused(ProblemCode.ArtifactNameInvalid);
        Artifacts.Bash("rmdir artifacts/* && mkdir artifacts/$(printf 'x%.0s' $(seq 129))");
        Refused(ProblemCode.ArtifactNameInvalid);
    }

    [Fact]
    [Clause("ART-03")]
    public void Case_twins_are_refused()
    {
        Good("report");
        Good("Report");
        Refused(ProblemCode.ArtifactNameTwin);
    }

    [Fact]
    [Clause("ENG-12")]
    public void A_sparse_terabyte_is_refused_by_its_size_at_once()
    {
        Good("good");
        Artifacts.Bash("truncate -s 1T artifacts/good/body.data");
        var watch = Stopwatch.StartNew();
        var before = GC.GetTotalAllocatedBytes();
        var problem = Refused(ProblemCode.ArtifactTooLarge);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5));
        Assert.True(GC.GetTotalAllocatedBytes() - before < 256L << 20);
        Assert.Equal("1099511627776", problem.Evidence["size"]);
    }

    [Fact]
    public void A_large_document_is_refused_by_its_size()
    {
        Good("good");
        Artifacts.Bash("truncate -s 2M artifacts/good/artifact.json");
        Refused(ProblemCode.ArtifactTooLarge);
    }

    [Fact]
    [Clause("ENG-12")]
    public void More_artifacts_or_bytes_than_the_limits_are_refused()
    {
        for (var i = 0; i < 5; i++) Good($"a{i}", body: new string('x', 1000));
        Assert.True(Read().Ok);
        Assert.Equal(ProblemCode.LimitArtifactCount, Read(new EngineLimits { ArtifactCount = 4 }).Problem?.Code);
        Assert.Equal(ProblemCode.LimitArtifactBytes, Read(new EngineLimits { ArtifactBytes = 4000 }).Problem?.Code);
        Assert.Equal(ProblemCode.ArtifactTooLarge, Read(new EngineLimits { ArtifactBytes = 900 }).Problem?.Code);
    }
}

[Clause("ART-04")]
public sealed class ArtifactContentAttacks : ArtifactLab
{
    [Theory]
    [InlineData("{\"type\":\"x\",\"action\":\"a\",\"role\":\"log\",\"action\":\"b\"}", ProblemCode.JsonDuplicateKey)]
    [InlineData("{\"type\":\"x\",\"action\":\"a\",\"role\":\"log\",\"metadata\":{\"n\":NaN}}", ProblemCode.JsonMalformed)]
    [InlineData("{\"type\":\"x\",\"action\":\"a\",\"role\":\"log\"} // comment", ProblemCode.JsonMalformed)]
    [InlineData("{\"type\":\"x\",\"action\":\"a\",\"role\":\"log\"}{}", ProblemCode.JsonMalformed)]
    [InlineData("{\"type\":\"x\",\"action\":\"a\",\"role\":\"log\",\"metadata\":{\"n\":9007199254740993}}", ProblemCode.JsonNumberOutOfRange)]
    [InlineData("\uFEFF{\"type\":\"x\",\"action\":\"a\",\"role\":\"log\"}", ProblemCode.JsonNotUtf8)]
    [InlineData("", ProblemCode.JsonMalformed)]
    [InlineData("[]", ProblemCode.ArtifactMalformed)]
    [InlineData("{\"action\":\"a\",\"role\":\"log\"}", ProblemCode.ArtifactMalformed)]
    [InlineData("{\"type\":\"x\",\"action\":\"a\",\"role\":\"owner\"}", ProblemCode.ArtifactMalformed)]
    [InlineData("{\"type\":\"x\",\"action\":\"a\",\"role\":\"log\",\"metadata\":[]}", ProblemCode.ArtifactMalformed)]
    [InlineData("{\"type\":\"x\",\"action\":\"a\",\"role\":\"log\",\"colour\":\"red\"}", ProblemCode.ArtifactMalformed)]
    [InlineData("{\"type\":\"x\",\"action\":\"a\",\"role\":\"log\",\"body_file\":\"../../etc/passwd\",\"integrity\":\"sha256:00\"}", ProblemCode.ArtifactBodyFileInvalid)]
    [InlineData("{\"type\":\"x\",\"action\":\"a\",\"role\":\"log\",\"body_file\":\"/etc/passwd\"}", ProblemCode.ArtifactBodyFileInvalid)]
    public void A_document_that_is_not_strict_or_not_an_artifact_is_refused(string document, ProblemCode code)
    {
        Raw("bad", document);
        var problem = Refused(code);
        Assert.Contains("bad", problem.Where, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hundred_thousand_brackets_are_refused_quickly()
    {
        Raw("deep", "{\"type\":\"x\",\"action\":\"a\",\"role\":\"log\",\"metadata\":{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}}");
        var watch = Stopwatch.StartNew();
        Refused(ProblemCode.JsonTooDeep);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("plan_token")]
    [InlineData("PlanToken")]
    [InlineData("plan-token")]
    [InlineData("token")]
    [InlineData("Approved")]
    [InlineData("approval")]
    [InlineData("decision")]
    [InlineData("POLICY_DIGEST")]
    [InlineData("policy")]
    [InlineData("secrets")]
    [InlineData("sign\u200Bature")]
    [InlineData("signed_by")]
    public void A_claim_of_authority_is_refused_wherever_it_stands(string field)
    {
        foreach (var document in (string[])[
            $$"""{"type":"x","action":"a","role":"log","{{field}}":true}""",
            $$$"""{"type":"x","action":"a","role":"log","metadata":{"{{{field}}}":"yes"} }""",
            $$$"""{"type":"x","action":"a","role":"log","extensions":{"{{{field}}}":1} }"""])
        {
            Raw("bad", document);
            Refused(ProblemCode.ArtifactProhibitedField);
        }
    }

    [Theory]
    [InlineData("\"target\":\"/etc/passwd\"")]
    [InlineData("\"target\":\"../other\"")]
    [InlineData("\"target\":\"a/../../b\"")]
    [InlineData("\"target\":\"C:\\\\Windows\"")]
    [InlineData("\"target\":\"~/.ssh/id\"")]
    [InlineData("\"target\":\"file:///etc/passwd\"")]
    [InlineData("\"metadata\":{\"path\":\"/etc\"}")]
    [InlineData("\"metadata\":{\"paths\":[\"ok\",\"..\\\\up\"]}")]
    [InlineData("\"metadata\":{\"files\":[{\"path\":\"ok\"},{\"path\":\"../x\"}]}")]
    [InlineData("\"metadata\":{\"files\":{\"../x\":1}}")]
    [InlineData("\"metadata\":{\"deep\":{\"er\":[{\"File\":\"//host/share\"}]}}")]
    public void A_reference_to_outside_the_workspace_is_refused(string member)
    {
        Raw("bad", $$"""{"type":"x","action":"a","role":"log",{{member}}}""");
        Refused(ProblemCode.ArtifactExternalReference);
    }

    [Theory]
    [InlineData("\"target\":\"src/a..b/file\"")]
    [InlineData("\"target\":\"aws_instance.web\"")]
    [InlineData("\"metadata\":{\"note\":\"see /etc/passwd\",\"path\":\"src/x\",\"nested\":{\"policy\":\"yes\"}}")]
    public void What_merely_looks_alike_is_let_through(string member)
    {
        Raw("fine", $$"""{"type":"x","action":"a","role":"log",{{member}}}""");
        Assert.Null(Read().Problem);
    }

    [Fact]
    [Clause("ART-02")]
    public void Roles_must_be_there_and_agree()
    {
        Raw("a", """{"type":"x","action":"a"}""", listedRole: "");
        Refused(ProblemCode.ArtifactRoleMissing);
        Raw("a", """{"type":"x","action":"a","role":"state"}""", listedRole: "evidence");
        Refused(ProblemCode.ArtifactRoleConflict);
        Raw("a", """{"type":"x","action":"a","role":"state"}""", listedRole: "boss");
        Refused(ProblemCode.ArtifactRoleConflict);
        Raw("a", """{"type":"x","action":"a"}""", listedRole: "state");
        Assert.Equal(ArtifactRole.State, Read().Value.Artifacts[0].Role);
        Raw("a", """{"artifact_type":"x","action":"a","role":"log"}""", listedRole: "");
        Assert.Equal(("x", ArtifactRole.Log), (Read().Value.Artifacts[0].Type, Read().Value.Artifacts[0].Role));
    }

    [Fact]
    [Clause("ART-02")]
    public void A_body_is_declared_there_and_whole()
    {
        var integrity = Digest.Of("body"u8).ToString();
        Raw("a", $$"""{"type":"x","action":"a","role":"log","body_file":"body.data","integrity":"{{integrity}}"}""");
        Refused(ProblemCode.ArtifactBodyMissing);
        Raw("a", """{"type":"x","action":"a","role":"log"}""", "body");
        Refused(ProblemCode.ArtifactBodyUndeclared);
        Raw("a", $$"""{"type":"x","action":"a","role":"log","body_file":"body.data","integrity":"{{integrity}}"}""", "bodY");
        Assert.Equal(Digest.Of("bodY"u8).ToString(), Refused(ProblemCode.ArtifactIntegrityMismatch).Evidence["actual"]);
        Raw("a", $$"""{"type":"x","action":"a","role":"log","body":"x","body_file":"body.data","integrity":"{{integrity}}"}""", "body");
        Refused(ProblemCode.ArtifactMalformed);
        Raw("a", $$"""{"type":"x","action":"a","role":"log","body_file":"body.data","integrity":"{{integrity}}"}""", "body");
        Assert.Equal(integrity, Read().Value.Artifacts[0].BodyHash.ToString());
    }

    [Fact]
    public void The_receipts_list_and_the_directory_agree_in_everything()
    {
        Good("a", body: "one");
        Assert.Null(Read().Problem);
        var right = Listed[0];
        foreach (var wrong in (Protocol.Wire.EngineArtifact[])[
            right with { Hash = Digest.Of("x"u8).ToString() }, right with { Hash = "md5:0" }, right with { Size = 1 }, right with { Path = "a/body.data" }, right with { Path = "../a/artifact.json" }])
        {
            Listed[0] = wrong;
            Refused(ProblemCode.ArtifactReceiptDisagrees);
        }
        Listed[0] = right;
        Listed.Add(right);
        Refused(ProblemCode.ArtifactReceiptDisagrees);
        Listed[1] = right with { Name = "A", Path = "A/artifact.json" };
        Refused(ProblemCode.ArtifactNameTwin);
        Listed[1] = right with { Name = "../../etc", Path = "x" };
        Refused(ProblemCode.ArtifactNameInvalid);
        Listed[1] = right with { Name = "b", Path = "b/artifact.json" };
        Refused(ProblemCode.ArtifactReceiptDisagrees);
        Listed.Clear();
        Refused(ProblemCode.ArtifactReceiptDisagrees);
    }

    [Fact]
    [Clause("ART-05")]
    public void An_artifact_that_was_edited_after_the_receipt_is_refused()
    {
        Good("a", body: "one");
        Artifacts.Bash("sed -i 's/\"a\"/\"b\"/' artifacts/a/artifact.json");
        Refused(ProblemCode.ArtifactReceiptDisagrees);
        Good("a", body: "one");
        Artifacts.Bash("printf two > artifacts/a/body.data");
        Refused(ProblemCode.ArtifactIntegrityMismatch);
    }

    [Theory]
    [InlineData("plain hunter2-very-secret text")]
    [InlineData("aHVudGVyMi12ZXJ5LXNlY3JldA==")]
    [InlineData("68756e746572322d766572792d736563726574")]
    [Clause("ART-07")]
    public void A_mapped_secret_is_found_in_a_body_in_every_form(string body)
    {
        Good("a", body: body);
        Assert.Null(Read().Problem);
        Redactor.Learn("TOKEN", "hunter2-very-secret");
        var problem = Refused(ProblemCode.ArtifactSecret);
        Assert.Equal("TOKEN", problem.Evidence["secret"]);
        Assert.DoesNotContain("hunter2", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    [Clause("ART-07")]
    public void A_mapped_secret_is_found_in_the_document_also_behind_escapes()
    {
        Redactor.Learn("TOKEN", "hunter2-very-secret");
        Raw("a", """{"type":"x","action":"a","role":"log","metadata":{"k":"\u0068unter2-ver\u0079-secret"}}""");
        Refused(ProblemCode.ArtifactSecret);
        Raw("a", """{"type":"x","action":"a","role":"log","metadata":{"hunter2\u002dvery-secret":1}}""");
        Refused(ProblemCode.ArtifactSecret);
    }
}
