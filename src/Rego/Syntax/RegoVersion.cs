// Which grammar a module is written in.
namespace CabinCrew.Rego.Syntax;

/// <summary>The version of the language that a module is read as.</summary>
public enum RegoVersion
{
    /// <summary>OPA 1.x: <c>if</c> and <c>contains</c> are required, <c>in</c> and <c>every</c> are keywords.</summary>
    V1,

    /// <summary>Before 1.0: newer keywords by <c>import future.keywords</c> or <c>import rego.v1</c>.</summary>
    V0,
}
