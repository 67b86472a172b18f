// The tree of a Go template: text, actions and blocks, and the expressions in them.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Templates;

internal abstract record TemplateNode;

internal sealed record TextNode(string Text) : TemplateNode;

/// <summary>Prints a pipeline, or only sets variables where it declares some.</summary>
internal sealed record ActionNode(Pipeline Pipeline) : TemplateNode;

internal enum BlockKind
{
    If,
    With,
    Range,
}

internal sealed record BlockNode(BlockKind Kind, Pipeline Pipeline, IReadOnlyList<TemplateNode> Body, IReadOnlyList<TemplateNode> Else) : TemplateNode;

/// <summary><c>break</c> or <c>continue</c>.</summary>
internal sealed record JumpNode(bool IsBreak) : TemplateNode;

/// <summary>Commands of which each gets the answer of the one before; <c>$a, $b := ...</c> declares variables, <c>$a = ...</c> sets one.</summary>
internal sealed record Pipeline(IReadOnlyList<string> Variables, bool Declares, IReadOnlyList<IReadOnlyList<Operand>> Commands);

internal abstract record Operand;

internal sealed record ConstantOperand(Value Value) : Operand;

/// <summary>A function's name where it stands first in a command.</summary>
internal sealed record FunctionOperand(string Name) : Operand;

/// <summary><c>.a.b</c> (no variable), <c>$x.a</c>, or a parenthesised pipeline and fields behind it.</summary>
internal sealed record FieldOperand(string? Variable, Pipeline? Inner, IReadOnlyList<string> Fields) : Operand;
