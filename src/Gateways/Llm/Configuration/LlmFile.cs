// Reads an LLM gateway's configuration: strict YAML, every error with its line and what was expected. Whatever is not understood is refused (LLM-07).
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Configuration;

public static class LlmFile
{
    public const string DefaultName = "cabincrew-llm.yaml";
    public const int Version = 1;

    public static Outcome<LlmDefinition> Read(string path)
    {
        var full = Path.GetFullPath(path);
        if (!PlainFile.Read(full, YamlLimits.Default.BytesMax, ProblemCode.GatewayFileInvalid).Try(out var file, out var problem))
            return problem.Code == ProblemCode.NotFound ? problem with { Remedy = "Write one (`cabincrew llm --help` shows how), or name another with --config." } : problem;
        return Of(file.Bytes, full);
    }

    /// <param name="path">Absolute: what the errors name, and what relative paths are relative to.</param>
    public static Outcome<LlmDefinition> Of(byte[] bytes, string path)
    {
        if (!YamlNodes.Read(bytes, path, ProblemCode.GatewayFileInvalid).Try(out var map, out var problem)) return problem;
        var definition = new LlmReader(map, path).Read();
        return map.Errors.Else(() => definition!);
    }
}
