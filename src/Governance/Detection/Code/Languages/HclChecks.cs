// Terraform's and OpenTofu's language: what a plan in JSON would say as well (the commands detector reads those), said where it is written.
namespace CabinCrew.Governance.Detection.Code.Languages;

internal static class HclChecks
{
    private static readonly string[] Doors = ["ingress", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule", "google_compute_firewall", "azurerm_network_security_rule", "security_rule", "authorized_networks"];

    public static readonly CodeCheck[] Table =
    [
        new(CodeRules.Ingress, ["cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6", "source_ranges", "source_address_prefix", "source_address_prefixes"], (c, i) => c.Is(i + 1, "=") && c.Value(i) is var v && HasAll(c, v) && IsDoor(c, i)),
        new(CodeRules.Public, ["acl"], (c, i) => c.Is(i + 1, "=") && c.FirstText(c.Value(i)) is "public-read" or "public-read-write" or "website"),
        new(CodeRules.Public, ["publicly_accessible", "allow_blob_public_access", "allow_nested_items_to_be_public"], (c, i) => c.Is(i + 1, "=") && c.Is(i + 2, "true")),
        new(CodeRules.Public, ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"], (c, i) => c.Is(i + 1, "=") && c.Is(i + 2, "false")),
        new(CodeRules.Public, ["member", "members"], (c, i) => c.Is(i + 1, "=") && (c.HasText(c.Value(i), "allUsers") || c.HasText(c.Value(i), "allAuthenticatedUsers"))),
        new(CodeRules.Public, ["container_access_type"], (c, i) => c.FirstText(c.Value(i)) is "blob" or "container"),
        new(CodeRules.Unencrypted, ["storage_encrypted", "encrypted", "at_rest_encryption_enabled", "transit_encryption_enabled", "enable_https_traffic_only", "encrypt_at_rest", "infrastructure_encryption_enabled"], (c, i) => c.Is(i + 1, "=") && c.Is(i + 2, "false")),
        new(CodeRules.Wildcard, ["actions", "Action"], (c, i) => c.Is(i + 1, "=") && IsStar(c, c.Value(i)) && Member(c, i, c.Is(i, "Action") ? "Resource" : "resources") is var r && IsStar(c, r) && !c.HasText(Member(c, i, c.Is(i, "Action") ? "Effect" : "effect"), "Deny")),
        new(CodeRules.Wildcard, ["policy_arn"], (c, i) => c.FirstText(c.Value(i)).EndsWith(":policy/AdministratorAccess", StringComparison.Ordinal)),
        new(CodeRules.Wildcard, ["role", "role_definition_name"], (c, i) => c.Is(i + 1, "=") && c.FirstText(c.Value(i)) is "roles/owner" or "roles/editor" or "Owner" && c.IsOneText(c.Value(i))),
        new(CodeRules.Host, ["privileged"], (c, i) => c.IsAny(i + 1, "=", ":") && c.Is(i + 2, "true")),
        new(CodeRules.OldTls, ["minimum_protocol_version", "min_tls_version", "minimum_tls_version"], (c, i) => c.FirstText(c.Value(i)) is "TLSv1" or "SSLv3" or "TLS1_0" or "TLSv1_2016" or "1.0"),
    ];

    private static bool HasAll(CodeView c, CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (c.Content(i) is "0.0.0.0/0" or "::/0") return true;
        return c.IsOneText(range) && c.Content(range.From) is "*" or "Internet";
    }

    private static bool IsStar(CodeView c, CodeRange range) => c.IsText(range, "*") || (range.To - range.From == 3 && c.Content(range.From + 1) is "*");

    // A block that lets in, and not to the doors that everybody is meant to find.
    private static bool IsDoor(CodeView c, int i)
    {
        var block = c.Braces(i);
        if (block.IsEmpty) return false;
        var isDoor = false;
        for (var at = block.From - 2; at >= 0 && at > block.From - 7; at--)
        {
            if (c.IsAny(at, Doors) || Array.IndexOf(Doors, c.Content(at).ToString()) >= 0) isDoor = true;
            if (c[at].BeginsLine) break;
        }
        if (!isDoor || c.IsText(c.Member(block, "type"), "egress") || c.IsText(c.Member(block, "direction"), "EGRESS") || c.IsText(c.Member(block, "direction"), "Outbound") || c.IsText(c.Member(block, "access"), "Deny")) return false;
        var port = c.Member(block, "from_port");
        if (port.IsEmpty) port = c.Member(block, "destination_port_range");
        return !(port.To - port.From == 1 && (c.Text(port.From) is "80" or "443" || c.Content(port.From) is "80" or "443") && (c.Member(block, "to_port").IsEmpty || c.IsAny(c.Member(block, "to_port").From, "80", "443")));
    }

    private static CodeRange Member(CodeView c, int i, string name) => c.Member(c.Braces(i), name);
}
