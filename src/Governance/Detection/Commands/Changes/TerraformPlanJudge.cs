// Terraform and OpenTofu plans (terraform show -json): what is destroyed, and what becomes open, unencrypted or all-powerful by the plan and was not before.
using System.Text.Json;

namespace CabinCrew.Governance.Detection.Commands.Changes;

internal static class TerraformPlanJudge
{
    private static readonly string[] RangeKeys = ["cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6", "source_ranges", "source_address_prefix", "source_address_prefixes", "authorized_ip_range", "public_access_cidrs"];

    private static readonly string[] PublicWhenTrue = ["publicly_accessible", "allow_blob_public_access", "allow_nested_items_to_be_public", "public_access"];

    private static readonly string[] PublicWhenFalse = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];

    private static readonly string[] UnencryptedWhenFalse = ["storage_encrypted", "encrypted", "at_rest_encryption_enabled", "transit_encryption_enabled", "encryption_at_rest_enabled", "enable_https_traffic_only", "https_traffic_only_enabled", "encrypt_at_rest", "infrastructure_encryption_enabled"];

    private static readonly string[] UnprotectedWhenTrue = ["skip_final_snapshot", "force_destroy", "force_delete"];

    private static readonly string[] UnprotectedWhenFalse = ["deletion_protection", "deletion_protection_enabled", "enable_deletion_protection", "purge_protection_enabled", "termination_protection"];

    private readonly record struct Said(string Rule, string What);

    public static void Judge(string text, Report report)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 128, AllowDuplicateProperties = false });
            Plan(document.RootElement, report);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // Half of a surrogate pair shows as one of the latter two.
            report.Add("unreadable", "not a plan in JSON as terraform show -json writes it");
        }
    }

    private static void Plan(JsonElement root, Report report)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format_version", out _))
        {
            report.Add("unreadable", "not a plan in JSON as terraform show -json writes it");
            return;
        }
        if (!root.TryGetProperty("resource_changes", out var changes)) return;
        foreach (var resource in changes.EnumerateArray())
        {
            var address = Text(resource, "address");
            if (!resource.TryGetProperty("change", out var change) || !change.TryGetProperty("actions", out var actions))
            {
                report.Add("unreadable", $"{address}: no actions");
                continue;
            }
            var words = actions.EnumerateArray().Select(a => a.GetString()).ToList();
            var deletes = words.Contains("delete");
            if (deletes) report.Add(words.Contains("create") ? "plan-replace" : "plan-delete", address);
            if (!words.Contains("create") && !words.Contains("update")) continue;
            HashSet<Said> before = [], after = [];
            if (change.TryGetProperty("before", out var old)) Look(old, Text(resource, "type"), "", isDoor: false, before, 0);
            if (change.TryGetProperty("after", out var next)) Look(next, Text(resource, "type"), "", isDoor: false, after, 0);
            foreach (var said in after.Except(before)) report.Add(said.Rule, $"{address} {said.What}");
        }
    }

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    // Door: what stands here lets in, and does not let out.
    private static void Look(JsonElement element, string type, string key, bool isDoor, HashSet<Said> said, int depth)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var inward = isDoor || IsDoor(element, type, depth);
                foreach (var member in element.EnumerateObject())
                    if (member.Name != "egress") Look(member.Value, type, member.Name, inward || member.Name is "ingress" or "ip_configuration" or "authorized_networks", said, depth + 1);
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray()) Look(item, type, key, isDoor, said, depth + 1);
                break;
            case JsonValueKind.String:
                OfText(element.GetString()!, key, isDoor, said, depth);
                break;
            case JsonValueKind.True:
                if (PublicWhenTrue.Contains(key)) said.Add(new("plan-public", key));
                else if (UnprotectedWhenTrue.Contains(key)) said.Add(new("plan-unprotected", key));
                break;
            case JsonValueKind.False:
                if (PublicWhenFalse.Contains(key)) said.Add(new("plan-public", $"{key} = false"));
                else if (UnencryptedWhenFalse.Contains(key)) said.Add(new("plan-unencrypted", $"{key} = false"));
                else if (UnprotectedWhenFalse.Contains(key)) said.Add(new("plan-unprotected", $"{key} = false"));
                break;
        }
    }

    private static bool IsDoor(JsonElement element, string type, int depth) => depth == 0 && type switch
    {
        "aws_security_group_rule" => Text(element, "type") == "ingress",
        "google_compute_firewall" => Text(element, "direction") != "EGRESS",
        "azurerm_network_security_rule" => Text(element, "direction") == "Inbound" && Text(element, "access") == "Allow",
        "aws_vpc_security_group_ingress_rule" or "aws_eks_cluster" => true,
        _ => false,
    };

    private static void OfText(string text, string key, bool isDoor, HashSet<Said> said, int depth)
    {
        if (isDoor && RangeKeys.Contains(key) && text is "0.0.0.0/0" or "::/0" or "*" or "Internet" && isDoor) said.Add(new("plan-public", $"lets in {text}"));
        if (key == "acl" && text.StartsWith("public-read", StringComparison.Ordinal)) said.Add(new("plan-public", $"acl {text}"));
        if (key == "container_access_type" && text is "blob" or "container" && key == "container_access_type") said.Add(new("plan-public", $"{key} {text}"));
        if (key is "member" or "members" && text is "allUsers" or "allAuthenticatedUsers") said.Add(new("plan-public", text));
        if (key == "role" && text is "roles/owner" or "roles/editor" || key == "role_definition_name" && text is "Owner") said.Add(new("plan-iam-wildcard", text));
        if (key == "policy_arn" && text.EndsWith(":policy/AdministratorAccess", StringComparison.Ordinal)) said.Add(new("plan-iam-wildcard", "AdministratorAccess"));
        if (depth < 100 && text.Contains("\"Statement\"", StringComparison.Ordinal)) Policy(text, said);
    }

    private static void Policy(string text, HashSet<Said> said)
    {
        try
        {
            using var policy = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 64 });
            if (policy.RootElement.ValueKind != JsonValueKind.Object || !policy.RootElement.TryGetProperty("Statement", out var statements)) return;
            foreach (var statement in Many(statements))
            {
                if (statement.ValueKind != JsonValueKind.Object || Text(statement, "Effect") != "Allow") continue;
                var actions = Strings(statement, "Action");
                if (actions.Exists(a => a is "*" or "*:*" or "iam:*") && Strings(statement, "Resource").Contains("*")) said.Add(new("plan-iam-wildcard", $"{actions[0]} on everything"));
                if (Strings(statement, "Principal").Contains("*") && !statement.TryGetProperty("Condition", out _)) said.Add(new("plan-public", "a policy for everybody"));
            }
        }
        catch (JsonException)
        {
            // A text that only looks like a policy.
        }
    }

    private static List<JsonElement> Many(JsonElement element) => element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray()] : [element];

    private static List<string> Strings(JsonElement statement, string name)
    {
        if (!statement.TryGetProperty(name, out var value)) return [];
        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("AWS", out var principals)) value = principals;
        return [.. Many(value).Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)];
    }
}
