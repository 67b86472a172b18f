// Whether a term holds variables.
namespace CabinCrew.Rego.Syntax;

internal static class Ground
{
    /// <summary>No variable, reference, call or comprehension inside: a constant. (A reference in a rule's head counts as not ground too, as its value is not known.)</summary>
    public static bool IsGround(Term term) => term switch
    {
        ScalarTerm => true,
        ArrayTerm array => array.Items.All(IsGround),
        SetTerm set => set.Items.All(IsGround),
        ObjectTerm items => items.Items.All(item => IsGround(item.Key) && IsGround(item.Value)),
        _ => false,
    };
}
