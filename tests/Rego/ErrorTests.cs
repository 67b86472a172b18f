// An error prints as OPA prints it.
namespace CabinCrew.Rego.Tests;

public class ErrorTests
{
    [Fact]
    public void an_error_prints_as_opa_prints_it() =>
        Assert.Equal("a.rego:3:5: rego_parse_error: no", new RegoError("rego_parse_error", "no", new("a.rego", 3, 5)).ToString());
}
