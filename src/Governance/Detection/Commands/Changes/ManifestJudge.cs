// Kubernetes objects: power over the host, root, wide rights, doors to the internet; and what their containers' commands do.
using CabinCrew.Governance.Detection.Commands.Shell;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Commands.Changes;

internal static class ManifestJudge
{
    private static readonly YamlLimits Limits = new(BytesMax: CommandReview.CharsMax);

    private static readonly string[] Capabilities = ["ALL", "SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH", "DAC_OVERRIDE", "BPF", "NET_RAW", "SYS_CHROOT", "SYS_BOOT"];

    public static void Judge(string text, Report report)
    {
        foreach (var (document, line) in Documents(text))
        {
            var read = YamlNodes.Read(document, "manifest", ProblemCode.GatewayFileInvalid, Limits);
            if (read.Try(out var root, out var problem))
            {
                new Document(report, line).Root(root);
                continue;
            }
            report.Line = line;
            report.Add("unreadable", problem.Message.Split('\n')[0]);
        }
    }

    private static IEnumerable<(string Text, int Line)> Documents(string text)
    {
        var (from, line, start, at) = (0, 1, 1, 0);
        while (at < text.Length)
        {
            var end = text.IndexOf('\n', at) is >= 0 and var newline ? newline : text.Length;
            var row = text.AsSpan(at, end - at).TrimEnd();
            if (row.SequenceEqual("---") || row.StartsWith("--- "))
            {
                if (HasContent(text.AsSpan(from, at - from))) yield return (text[from..at], start);
                (from, start) = (Math.Min(end + 1, text.Length), line + 1);
            }
            at = end + 1;
            line++;
        }
        if (HasContent(text.AsSpan(from))) yield return (text[from..], start);
    }

    private static bool HasContent(ReadOnlySpan<char> text)
    {
        foreach (var line in text.EnumerateLines())
            if (line.TrimStart() is { Length: > 0 } row && row[0] != '#' && !row.SequenceEqual("...")) return true;
        return false;
    }

    private sealed class Document(Report report, int firstLine)
    {
        public void Root(YamlMap root)
        {
            if (Text(root, "kind") == "List" && root.Take("items") is YamlList items)
            {
                foreach (var item in items.Items.OfType<YamlMap>()) Root(item);
                return;
            }
            switch (Text(root, "kind"))
            {
                case "ClusterRoleBinding" or "RoleBinding":
                    Binding(root);
                    break;
                case "ClusterRole" or "Role":
                    Role(root);
                    break;
                case "Service":
                    Service(root);
                    break;
            }
            Visit(root, root);
        }

        private void Add(string rule, YamlNode at, string target)
        {
            report.Line = firstLine + at.Line - 1;
            report.Add(rule, target);
        }

        private static string Text(YamlMap map, string key) => map.Take(key) is YamlScalar scalar ? scalar.Text : "";

        private static string NameOf(YamlMap root) => $"{Text(root, "kind")}/{(root.Take("metadata") is YamlMap metadata ? Text(metadata, "name") : "")}";

        private void Binding(YamlMap root)
        {
            if (root.Take("roleRef") is not YamlMap role) return;
            var subjects = root.Take("subjects") is YamlList list ? list.Items.OfType<YamlMap>().Select(s => Text(s, "name")).ToList() : [];
            if (Text(role, "name") is "cluster-admin" or "admin" && (Text(role, "name") == "cluster-admin" || Text(root, "kind") == "ClusterRoleBinding")) Add("manifest-cluster-admin", role, string.Join(", ", subjects.DefaultIfEmpty(NameOf(root))));
            foreach (var subject in subjects)
                if (subject is "system:anonymous" or "system:unauthenticated") Add("manifest-cluster-admin", role, subject);
        }

        private void Role(YamlMap root)
        {
            if (root.Take("rules") is not YamlList rules) return;
            foreach (var rule in rules.Items.OfType<YamlMap>())
                if (Has(rule, "verbs", "*") && (Has(rule, "resources", "*") || Has(rule, "resources", "secrets"))) Add("manifest-wildcard-role", rule, NameOf(root));
        }

        private static bool Has(YamlMap map, string key, string value) => map.Take(key) is YamlList list && list.Items.OfType<YamlScalar>().Any(s => s.Text == value);

        private void Service(YamlMap root)
        {
            if (root.Take("spec") is not YamlMap spec || Text(spec, "type") != "LoadBalancer") return;
            var isInternal = root.Take("metadata") is YamlMap metadata && metadata.Take("annotations") is YamlMap annotations
                && annotations.Entries.Any(e => (e.Key.Text.Contains("internal", StringComparison.OrdinalIgnoreCase) || e.Key.Text.EndsWith("-scheme", StringComparison.Ordinal) || e.Key.Text.EndsWith("load-balancer-type", StringComparison.Ordinal)) && e.Value is YamlScalar value && value.Text.ToLowerInvariant() is "true" or "internal" or "0.0.0.0/0");
            if (!isInternal && !spec.Has("loadBalancerSourceRanges")) Add("manifest-public-service", spec, NameOf(root));
        }

        private void Visit(YamlNode node, YamlMap root)
        {
            if (node is YamlList list)
            {
                foreach (var item in list.Items) Visit(item, root);
                return;
            }
            if (node is not YamlMap map) return;
            foreach (var entry in map.Entries)
            {
                Member(entry.Key.Text, entry.Value, root);
                if (entry.Key.Text is "containers" or "initContainers" or "ephemeralContainers" && entry.Value is YamlList containers)
                    foreach (var container in containers.Items.OfType<YamlMap>()) Container(container);
                Visit(entry.Value, root);
            }
        }

        private void Member(string key, YamlNode value, YamlMap root)
        {
            var isTrue = value is YamlScalar { Value: true };
            switch (key)
            {
                case "privileged" when isTrue:
                    Add("manifest-privileged", value, NameOf(root));
                    break;
                case "hostNetwork" or "hostPID" or "hostIPC" when isTrue:
                    Add("manifest-host-namespace", value, $"{NameOf(root)} {key}");
                    break;
                case "hostPath" when value is YamlMap path:
                    Add("manifest-host-path", value, Text(path, "path"));
                    break;
                case "runAsUser" when value is YamlScalar { Value: 0L }:
                case "runAsNonRoot" when value is YamlScalar { Value: false }:
                    Add("manifest-root-user", value, $"{NameOf(root)} {key}");
                    break;
                case "capabilities" when value is YamlMap capabilities && capabilities.Take("add") is YamlList added:
                    foreach (var capability in added.Items.OfType<YamlScalar>())
                        if (Capabilities.Contains(capability.Text.ToUpperInvariant().Replace("CAP_", "", StringComparison.Ordinal))) Add("manifest-capabilities", capability, capability.Text);
                    break;
            }
        }

        private void Container(YamlMap container)
        {
            if (container.Take("image") is YamlScalar { Type: YamlType.Text } image && ImageNames.IsLoose(image.Text)) Add("manifest-latest", image, image.Text);
            List<string> words = [];
            foreach (var key in (ReadOnlySpan<string>)["command", "args"])
                if (container.Take(key) is YamlList list) words.AddRange(list.Items.OfType<YamlScalar>().Select(s => s.Text));
            if (words.Count > 0) ShellWalk.Judge(DockerfileJudge.Quoted(words), report, firstLine + container.Line - 1);
        }
    }
}
