// What is wrong between rules, imports and names is found before anything runs.
using CabinCrew.Rego.Compile.Checks;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Tests.Syntax;

namespace CabinCrew.Rego.Tests.Checks;

public class ModuleCheckTests
{
    private static string Errors(bool strict, params string[] modules) =>
        string.Join("\n", ModuleChecks.Run([.. modules.Select((text, i) => RegoModule.Parse(text, $"m{i}.rego").Value!)], strict));

    [Theory]
    [InlineData("p := 1\np contains 2", "m0.rego:2:1: rego_type_error: conflicting rules data.a.p found")]
    [InlineData("p := 1\np(x) := x", "m0.rego:2:1: rego_type_error: conflicting rules data.a.p found")]
    [InlineData("p(x) := x\np(x, y) := y", "m0.rego:2:1: rego_type_error: conflicting rules data.a.p found")]
    [InlineData("p[x] := 1 if x = 2\np := 3", "m0.rego:2:1: rego_type_error: conflicting rules data.a.p found")]
    [InlineData("p.q := 1\np.q.r := 2", "m0.rego:2:1: rego_type_error: rule data.a.p.q conflicts with [data.a.p.q.r]")]
    [InlineData("default p := 1\ndefault p := 2", "m0.rego:3:1: rego_type_error: multiple default rules data.a.p found at m0.rego:2:1, m0.rego:3:1")]
    [InlineData("p.q := 1\np.r := 2\np[x] := 3 if x = 1", "")]
    [InlineData("p := 1 if input.x\np := 2 if input.y\ndefault p := 0", "")]
    [InlineData("input := 1", "m0.rego:2:1: rego_compile_error: rules must not shadow input (use a different rule name)")]
    [InlineData("f(data) := 1", "m0.rego:2:3: rego_compile_error: args must not shadow data (use a different variable name)")]
    [InlineData("p if input := 1", "m0.rego:2:6: rego_compile_error: variables must not shadow input (use a different variable name)")]
    [InlineData("import data.x\nimport data.y.x\np := x", "m0.rego:3:1: rego_compile_error: import must not shadow import data.x")]
    public void rules_that_cannot_stand_together_are_told(string rules, string errors) => Assert.Equal(errors, Errors(false, "package a\n" + rules));

    [Fact]
    public void a_rule_where_a_package_is_conflicts() => Assert.Equal(
        "m0.rego:1:1: rego_type_error: package a.b conflicts with rule data.a.b defined at m0.rego:2:1",
        Errors(false, "package a\nb := 1", "package a.b"));

    [Fact]
    public void rules_of_one_package_in_two_files_are_checked_together() =>
        Assert.Contains("conflicting rules data.a.p", Errors(false, "package a\np := 1", "package a\np contains 1"));

    [Fact]
    public void strict_mode_asks_that_imports_are_used()
    {
        Assert.Equal("m0.rego:2:1: rego_compile_error: import data.x unused", Errors(true, "package a\nimport data.x\np := 1"));
        Assert.Equal("", Errors(true, "package a\nimport data.x\np := x.y"));
        Assert.Equal("", Errors(false, "package a\nimport data.x\np := 1"));
    }

    [Fact]
    public void old_modules_may_still_shadow() =>
        Assert.Empty(ModuleChecks.Run([Read.Module("package a\nimport data.x\nimport data.y.x\np = x { input := 1 }", RegoVersion.V0)]));
}
