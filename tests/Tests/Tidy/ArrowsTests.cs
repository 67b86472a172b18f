// The arrows between projects and folders, as written (csproj) and as compiled (IL).
using System.Xml.Linq;
using Mono.Cecil;
using Mono.Cecil.Rocks;

namespace CabinCrew.Tests.Tidy;

public sealed class ArrowsTests
{
    private static readonly string[] Projects =
        [.. Repository.Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal) && !f.StartsWith("tests/", StringComparison.Ordinal)
            && !f.StartsWith("benchmarks/", StringComparison.Ordinal) && !f.StartsWith("examples/", StringComparison.Ordinal))];

    private static string Name(string project) => Path.GetFileNameWithoutExtension(project);

    private static XDocument Xml(string project) => XDocument.Parse(Repository.Text(project));

    [Fact]
    public void Every_project_stands_in_the_table() =>
        Repository.None(Projects.Where(p => !Floors.Arrows.ContainsKey(Name(p))), "Projects without a line in Floors.Arrows:");

    [Fact]
    public void Project_references_follow_the_table() =>
        Repository.None(
            from p in Projects
            from r in Xml(p).Descendants("ProjectReference")
            let target = Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value)
            where !Floors.Arrows.GetValueOrDefault(Name(p), []).Contains(target)
            select $"{Name(p)} -> {target}",
            "References that Floors.Arrows does not have:");

    [Fact]
    public void Packages_have_one_version_in_one_place() =>
        Repository.None(
            from p in Repository.Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal))
            from r in Xml(p).Descendants("PackageReference")
            where r.Attribute("Version") is not null || r.Attribute("VersionOverride") is not null
            select $"{p}: {r.Attribute("Include")?.Value}",
            "Versions belong in Directory.Packages.props:");

    [Fact]
    public void Compiled_code_uses_only_what_its_floor_may_see() =>
        Repository.None(
            from code in Code()
            let reach = Reach(code.Project)
            from r in code.Module.AssemblyReferences
            where !IsFramework(r.Name)
            where r.Name.StartsWith("CabinCrew.", StringComparison.Ordinal)
                ? !reach.Contains(r.Name["CabinCrew.".Length..])
                : !Floors.Packages.GetValueOrDefault(r.Name, []).Contains(code.Project)
            select $"{code.Project} uses {r.Name}",
            "Compiled references that Floors does not allow:");

    [Fact]
    public void Folders_use_only_what_lies_below_them() =>
        Repository.None(FolderFindings().Distinct().Order(StringComparer.Ordinal), "Arrows that point up (Floors.Folders):");

    [Fact]
    public void Every_folder_stands_in_the_table() =>
        Repository.None(
            (from code in Code()
             from type in code.Module.Types
             let folder = Folder(code.Project, type)
             where folder is not null && !Floors.Folders.GetValueOrDefault(code.Project, []).Contains(folder)
             select $"{code.Project}: {folder}").Distinct(),
            "Folders without a place in Floors.Folders:");

    [Fact]
    public void The_protocol_is_pure() =>
        Repository.None(
            from code in Code().Where(c => c.Project == "Protocol")
            from used in code.Module.GetTypeReferences()
            where Floors.Impure.Any(i => i.EndsWith('.') ? used.FullName.StartsWith(i, StringComparison.Ordinal) && !used.FullName.StartsWith("System.Net.WebUtility", StringComparison.Ordinal) : used.FullName == i)
            select used.FullName,
            "Protocol has no clock, randomness, file, network, process or environment:");

    [Fact]
    public void Only_the_launchers_start_processes() =>
        Repository.None(
            from code in Code()
            where !IsEngine(code.Project)
            from type in ProcessStarts.Outside(code.Module, Floors.Launchers.Keys, Floors.LaunchCarriers)
            select type,
            "Types that start processes and do not stand in Floors.Launchers:");

    [Fact]
    public void The_search_for_launchers_finds_them() =>
        Assert.NotEmpty(ProcessStarts.Outside(Code().First(c => c.Project == "Orchestrator").Module, [], Floors.LaunchCarriers));

    private static IEnumerable<string> FolderFindings() =>
        from code in Code()
        let order = Floors.Folders.GetValueOrDefault(code.Project, [])
        from type in code.Module.GetAllTypes()
        let height = Array.IndexOf(order, Folder(code.Project, Outermost(type)))
        where height >= 0
        from used in Uses(type)
        let target = Outermost(used)
        where target.Module == code.Module && !Floors.Words.Contains(target.FullName)
        let to = Array.IndexOf(order, Folder(code.Project, target))
        where to > height
        select $"{code.Project}: {order[height]} ({Outermost(type).Name}) -> {order[to]} ({target.Name})";

    // Every type of its own module that a type mentions: in signatures, fields, bodies and bases.
    private static IEnumerable<TypeDefinition> Uses(TypeDefinition type)
    {
        var mentioned = new List<TypeReference?> { type.BaseType };
        mentioned.AddRange(type.Interfaces.Select(i => i.InterfaceType));
        mentioned.AddRange(type.Fields.Select(f => f.FieldType));
        foreach (var method in type.Methods)
        {
            mentioned.Add(method.ReturnType);
            mentioned.AddRange(method.Parameters.Select(p => p.ParameterType));
            if (!method.HasBody) continue;
            mentioned.AddRange(method.Body.Variables.Select(v => v.VariableType));
            foreach (var i in method.Body.Instructions)
                mentioned.Add(i.Operand switch { TypeReference t => t, MemberReference m => m.DeclaringType, _ => null });
        }
        return mentioned.SelectMany(Parts).OfType<TypeDefinition>();
    }

    private static IEnumerable<TypeReference> Parts(TypeReference? type)
    {
        switch (type)
        {
            case null: yield break;
            case GenericInstanceType g:
                yield return g.ElementType;
                foreach (var p in g.GenericArguments.SelectMany(Parts)) yield return p;
                break;
            case TypeSpecification s:
                foreach (var p in Parts(s.ElementType)) yield return p;
                break;
            default: yield return type; break;
        }
    }

    private static TypeDefinition Outermost(TypeDefinition type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    // The most specific folder of the table, else the first segment; null for the project's root.
    private static string? Folder(string project, TypeDefinition type)
    {
        var root = IsEngine(project) ? $"CabinCrew.Engines.{project}." : Lies(project, "servers") ? $"CabinCrew.Servers.{project}." : $"CabinCrew.{project}.";
        if (!type.Namespace.StartsWith(root, StringComparison.Ordinal)) return null;
        var folder = type.Namespace[root.Length..];
        return Floors.Folders.GetValueOrDefault(project, [])
            .Where(f => folder == f || folder.StartsWith(f + ".", StringComparison.Ordinal))
            .MaxBy(f => f.Length) ?? folder.Split('.')[0];
    }

    private static bool IsEngine(string project) => Lies(project, "engines");

    private static bool Lies(string project, string folder) => Projects.Any(p => p.StartsWith(folder + "/", StringComparison.Ordinal) && Name(p) == project);

    private static bool IsFramework(string assembly) =>
        assembly is "netstandard" or "mscorlib" or "Microsoft.CSharp" || assembly.StartsWith("Microsoft.Win32.", StringComparison.Ordinal)
        || (assembly.StartsWith("System.", StringComparison.Ordinal) && assembly != "System.CommandLine");

    private static HashSet<string> Reach(string project)
    {
        var reach = new HashSet<string> { project };
        var open = new Stack<string>([project]);
        while (open.TryPop(out var p))
            foreach (var next in Floors.Arrows.GetValueOrDefault(p, []))
                if (reach.Add(next)) open.Push(next);
        return reach;
    }

    private static IEnumerable<(string Project, ModuleDefinition Module)> Code() => Modules.Value;

    // Read once: the assemblies that stand beside the tests are the ones that the tests have just been built with.
    private static readonly Lazy<(string, ModuleDefinition)[]> Modules = new(() =>
    [
        .. from p in Projects
           let assembly = Xml(p).Descendants("AssemblyName").FirstOrDefault()?.Value ?? $"CabinCrew.{Name(p)}"
           select (Name(p), ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"), new ReaderParameters { InMemory = true })),
    ]);
}
