// Schemas for the `schemas` annotations of policies, from a directory: `schemas/a/b.json` is `schema.a.b`, as OPA's `--schema DIR` has it.
using System.Text;
using CabinCrew.Governance.Files;
using CabinCrew.Protocol;
using CabinCrew.Rego;

namespace CabinCrew.Governance.Policies.Rego.Authoring;

public static class SchemaFiles
{
    private const int FilesMax = 1_000;
    private const int FileBytesMax = 4 << 20;
    private const long BytesMax = 32 << 20;
    private const string Ending = ".json";

    /// <summary>Every <c>.json</c> file in the directory and below it; hidden ones and links are passed over.</summary>
    /// <param name="shown">As messages call it.</param>
    public static Outcome<RegoSchemaSet> Read(string directory, string shown)
    {
        List<(IReadOnlyList<string>, string)> schemas = [];
        var bytes = 0L;
        try
        {
            foreach (var path in Directory.EnumerateFiles(directory, "*" + Ending, new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden | FileAttributes.ReparsePoint }).Order(StringComparer.Ordinal))
            {
                var name = Path.GetRelativePath(directory, path);
                if (schemas.Count == FilesMax) return Refused(shown, $"it holds more than {FilesMax} schemas");
                if (!PlainFile.Read(path, FileBytesMax, ProblemCode.SchemaInvalid).Try(out var file, out var problem)) return problem with { Where = $"{shown}/{name}" };
                if ((bytes += file.Bytes.Length) > BytesMax) return Refused(shown, $"its schemas have more than {BytesMax} bytes");
                schemas.Add((name[..^Ending.Length].Split('/'), Encoding.UTF8.GetString(file.Bytes)));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused(shown, $"it cannot be read: {e.Message}");
        }
        if (schemas.Count == 0) return Refused(shown, "there is no .json file in it");
        var set = RegoSchemaSet.Parse(schemas);
        return set.Ok ? set.Value : Refused(shown, set.Errors[0].Message);
    }

    private static Problem Refused(string shown, string why) => new(ProblemCode.SchemaInvalid, $"'{shown}' holds no schemas that policies can be checked by: {why}")
        { Remedy = "Name a directory of JSON schemas; annotations call dir/a/b.json schema.a.b." };
}
