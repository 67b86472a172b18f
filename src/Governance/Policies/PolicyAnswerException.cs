// How a source says that it has no usable answer: the one exception that an IPolicySource throws on purpose; the evaluator makes a deny of it, with these words (PRE-04).
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies;

/// <summary>The message is for people: what went wrong, and what to look at.</summary>
internal sealed class PolicyAnswerException(string message) : Exception(message)
{
    public PolicyAnswerException(Problem problem) : this(problem.Remedy is { } remedy ? $"{problem.Message} {remedy}" : problem.Message)
    {
    }
}
