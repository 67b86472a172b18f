// Names the protocol clauses that a test shows; docs/generated/conformance.md is written from these.
namespace CabinCrew.Tests;

[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true)]
public sealed class ClauseAttribute(string id) : Attribute
{
    public string Id { get; } = id;
}
