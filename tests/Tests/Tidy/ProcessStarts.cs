// Finds who starts processes in compiled code: by the framework, by a system call, or through a wrapper of one.
using Mono.Cecil;
using Mono.Cecil.Rocks;

namespace CabinCrew.Tests.Tidy;

internal static class ProcessStarts
{
    private static readonly HashSet<string> Calls = ["posix_spawn", "posix_spawnp", "execve", "execv", "execvp", "fork", "vfork", "clone", "system", "popen"];

    /// <summary>Types that start processes and lie neither in a launcher's namespace (where calls end) nor in a carrier's (through which they pass).</summary>
    public static IEnumerable<string> Outside(ModuleDefinition module, IEnumerable<string> launchers, IEnumerable<string> carriers)
    {
        var methods = module.GetAllTypes().SelectMany(t => t.Methods).ToArray();
        var callers = methods.Where(m => m.HasBody)
            .SelectMany(m => m.Body.Instructions.Select(i => i.Operand).OfType<MethodReference>(), (m, called) => (m, called: Plain(called)))
            .ToLookup(e => e.called, e => e.m);
        var starts = new HashSet<MethodDefinition>();
        var open = new Stack<MethodDefinition>(methods.Where(StartsItself));
        while (open.TryPop(out var method))
        {
            if (!starts.Add(method) || Lies(method, launchers)) continue;
            foreach (var caller in callers[method].Concat(Owners(method))) open.Push(caller);
        }
        return starts.Where(m => !Lies(m, launchers) && !Lies(m, carriers)).Select(m => Outermost(m.DeclaringType).FullName).Distinct();
    }

    private static bool StartsItself(MethodDefinition method) =>
        method.PInvokeInfo is { } p && Calls.Contains(p.EntryPoint)
        || method.HasBody && method.Body.Instructions.Any(i => i.Operand is MethodReference { Name: "Start" } r && r.DeclaringType.FullName == "System.Diagnostics.Process");

    // The compiler moves bodies of lambdas and async methods into "<Name>..." members; what these do, Name does.
    private static IEnumerable<MethodDefinition> Owners(MethodDefinition method)
    {
        for (var type = method.DeclaringType; type is not null; type = type.DeclaringType)
            foreach (var name in new[] { Inner(method.Name), Inner(method.DeclaringType.Name) }.OfType<string>())
                foreach (var owner in type.Methods.Where(m => m.Name == name)) yield return owner;
    }

    private static string? Inner(string name) => name.Length > 2 && name[0] == '<' && name.IndexOf('>', StringComparison.Ordinal) is var end and > 1 ? name[1..end] : null;

    private static MethodReference Plain(MethodReference method) => method is MethodSpecification s ? s.ElementMethod : method;

    private static bool Lies(MethodDefinition method, IEnumerable<string> namespaces)
    {
        var own = Outermost(method.DeclaringType).Namespace;
        return namespaces.Any(n => own == n || own.StartsWith(n + ".", StringComparison.Ordinal));
    }

    private static TypeDefinition Outermost(TypeDefinition type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
