// All built-ins by name: OPA's own list, with the families that need a network or a foreign runtime refused.
// One line a function, in the file of its family; a name that comes twice is a bug found at first use.
using CabinCrew.Rego.Builtins.Collections;
using CabinCrew.Rego.Builtins.Crypto;
using CabinCrew.Rego.Builtins.Documents;
using CabinCrew.Rego.Builtins.Encodings;
using CabinCrew.Rego.Builtins.Language;
using CabinCrew.Rego.Builtins.Network;
using CabinCrew.Rego.Builtins.Numbers;
using CabinCrew.Rego.Builtins.Patterns;
using CabinCrew.Rego.Builtins.Schemas;
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Builtins.Templates;
using CabinCrew.Rego.Builtins.Times;

namespace CabinCrew.Rego.Builtins;

internal static class BuiltinTable
{
    private static readonly Lazy<Dictionary<string, Builtin>> table = new(Load);

    public static IReadOnlyCollection<Builtin> All => table.Value.Values;

    public static Builtin? Find(string name) => table.Value.GetValueOrDefault(name);

    private static Dictionary<string, Builtin> Load()
    {
        var all = new Dictionary<string, Builtin>(256, StringComparer.Ordinal);
        Builtin[][] families =
        [
            Comparison.Table, Arithmetic.Table, Bits.Table, Aggregates.Table, ArrayFunctions.Table, SetFunctions.Table, ObjectFunctions.Table,
            Conversions.Table, Ranges.Table, Units.Table, StringFunctions.Table, Replacing.Table, Formatting.Table,
            RegexFunctions.Table, GlobFunctions.Table, TextCodes.Table, UrlFunctions.Table, JsonFunctions.Table, YamlFunctions.Table,
            JsonPaths.Table, JsonPatch.Table, Graphs.Table, TimeFunctions.Table,
            CidrFunctions.Table, SemanticVersions.Table, Uuids.Table, PackageUrls.Table, SchemaFunctions.Table,
            RegoFunctions.Table, TemplateRunner.Table,
            Hashes.Table, TokenFunctions.Table, PrivateKeys.Table, CertificateFunctions.Table,
            RefusedBuiltins.Table,
        ];
        foreach (var family in families)
        {
            foreach (var builtin in family) all.Add(builtin.Name, builtin);
        }

        return all;
    }
}
