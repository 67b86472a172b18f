# METADATA
# title: Terraform plans
# description: |
#   Reads artifacts whose body is `terraform show -json`: what is destroyed or replaced, who gains power over the account, and what is opened to everybody. A plan
#   that says it is Terraform's and cannot be read is denied.
# custom:
#   settings:
#     role: Who says yes to destroys.
#     security_role: Who says yes to identities and access.
#     destroys_denied_above: More destroyed resources are denied.
#     kept: Types of resources (patterns) that no plan may destroy or replace.
#     public_allowed: Addresses of resources (patterns) that may be open to everybody.
package cabincrew.policies.terraform

import data.cabincrew.findings

defaults := {
	"role": "operator",
	"security_role": "security",
	"destroys_denied_above": 10,
	"kept": [
		"aws_db_instance", "aws_rds_cluster", "aws_dynamodb_table", "aws_s3_bucket", "aws_kms_key", "aws_efs_file_system", "google_sql_database_instance",
		"google_storage_bucket", "google_bigquery_dataset", "google_kms_crypto_key", "azurerm_*_server", "azurerm_storage_account", "azurerm_key_vault",
	],
	"public_allowed": [],
}

settings := object.union(defaults, data.cabincrew.settings.terraform) if data.cabincrew.settings.terraform

else := defaults

everybody := {"0.0.0.0/0", "::/0", "*", "Internet", "0.0.0.0", "any"}

is_plan(artifact) if artifact.type in {"terraform_plan", "infra_plan"}

is_plan(artifact) if artifact.body.json.terraform_version

# [artifact, resource change], for all that is to be done.
resources contains {"artifact": artifact.name, "address": resource.address, "type": resource.type, "actions": resource.change.actions, "after": object.get(resource.change, "after", null)} if {
	some artifact in input.artifacts
	is_plan(artifact)
	some resource in artifact.body.json.resource_changes
	object.get(resource, "mode", "managed") == "managed"
	resource.change.actions != ["no-op"]
	resource.change.actions != ["read"]
}

destroyed := [resource | some resource in resources; "delete" in resource.actions]

deny contains {"id": "terraform-unreadable", "msg": sprintf("the Terraform plan '%s' cannot be read: its body is no JSON of `terraform show -json`", [artifact.name]), "evidence": {"artifact": artifact.name}} if {
	some artifact in input.artifacts
	is_plan(artifact)
	not has_changes(artifact)
	not nothing_changes(artifact)
}

# A rule of its own: `not is_array(x.y)` is undefined where there is no x.y.
has_changes(artifact) if is_array(artifact.body.json.resource_changes)

nothing_changes(artifact) if {
	artifact.body.json.terraform_version
	not "resource_changes" in object.keys(artifact.body.json)
}

deny contains {"id": "terraform-errored", "msg": sprintf("the Terraform plan '%s' ended with an error and is not whole", [artifact.name]), "evidence": {"artifact": artifact.name}} if {
	some artifact in input.artifacts
	artifact.body.json.terraform_version
	artifact.body.json.errored
}

require_approval contains {"id": "terraform-destroys", "msg": findings.told("resources are destroyed or replaced", addresses(destroyed)), "role": settings.role, "evidence": {"resources": addresses(destroyed)}} if count(destroyed) > 0

deny contains {"id": "terraform-many-destroys", "msg": sprintf("%d resources are destroyed; more than %d are denied", [count(destroyed), settings.destroys_denied_above])} if count(destroyed) > settings.destroys_denied_above

deny contains {"id": "terraform-kept", "msg": findings.told("what holds data is never destroyed by a plan", kept), "evidence": {"resources": kept}} if {
	kept := sort({resource.address |
		some resource in destroyed
		some pattern in settings.kept
		glob.match(pattern, null, resource.type)
	})
	count(kept) > 0
}

require_approval contains {"id": "terraform-access", "msg": findings.told("identities or their rights change", found), "role": settings.security_role, "evidence": {"resources": found}} if {
	found := sort({resource.address |
		some resource in resources
		regex.match(`_iam_|_role_assignment$|_role_definition$|^aws_organizations_|^azuread_|^aws_iam|^google_project_iam|^google_service_account|^kubernetes_(cluster_)?role|^vault_policy`, resource.type)
	})
	count(found) > 0
}

deny contains {"id": "terraform-all-rights", "msg": findings.told("a policy gives every right on everything", found), "evidence": {"resources": found}} if {
	found := sort({resource.address |
		some resource in resources
		some statement in statements(resource.after)
		statement.Effect == "Allow"
		"*" in as_set(statement.Action)
		"*" in as_set(statement.Resource)
	})
	count(found) > 0
}

require_approval contains {"id": "terraform-public", "msg": findings.told("this would be open to everybody", found), "role": settings.security_role, "count": 2, "evidence": {"resources": found}} if {
	found := sort({resource.address |
		some resource in resources
		is_public(resource.type, resource.after)
		not allowed(resource.address)
	})
	count(found) > 0
}

# Security groups and firewalls
is_public(type, after) if {
	type == "aws_security_group"
	some rule in after.ingress
	some source in array.concat(list(object.get(rule, "cidr_blocks", [])), list(object.get(rule, "ipv6_cidr_blocks", [])))
	source in everybody
}

is_public("aws_security_group_rule", after) if {
	after.type == "ingress"
	some source in array.concat(list(object.get(after, "cidr_blocks", [])), list(object.get(after, "ipv6_cidr_blocks", [])))
	source in everybody
}

is_public("aws_vpc_security_group_ingress_rule", after) if after.cidr_ipv4 in everybody

is_public("aws_vpc_security_group_ingress_rule", after) if after.cidr_ipv6 in everybody

is_public("google_compute_firewall", after) if {
	object.get(after, "direction", "INGRESS") != "EGRESS"
	some source in list(object.get(after, "source_ranges", []))
	source in everybody
}

is_public("azurerm_network_security_rule", after) if {
	after.access == "Allow"
	after.direction == "Inbound"
	some source in array.concat([object.get(after, "source_address_prefix", "")], list(object.get(after, "source_address_prefixes", [])))
	source in everybody
}

# Storage and databases
is_public(type, after) if {
	type in {"aws_s3_bucket", "aws_s3_bucket_acl"}
	after.acl in {"public-read", "public-read-write", "authenticated-read", "website"}
}

is_public("aws_s3_bucket_public_access_block", after) if {
	some member in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
	after[member] == false
}

is_public(_, after) if after.publicly_accessible == true

is_public(_, after) if {
	some statement in statements(after)
	statement.Effect == "Allow"
	is_anybody(statement.Principal)
}

is_public("azurerm_storage_account", after) if after.allow_nested_items_to_be_public == true

is_public(type, after) if {
	regex.match(`^google_.*_iam_(member|binding)$`, type)
	some member in array.concat([object.get(after, "member", "")], list(object.get(after, "members", [])))
	member in {"allUsers", "allAuthenticatedUsers"}
}

is_anybody(principal) if principal == "*"

is_anybody(principal) if "*" in as_set(principal.AWS)

allowed(address) if {
	some pattern in settings.public_allowed
	glob.match(pattern, null, address)
}

# A policy document is JSON in a string; what is no JSON yet (known after apply) has no statements here.
statements(after) := found if {
	json.is_valid(after.policy)
	document := json.unmarshal(after.policy)
	found := as_list(document.Statement)
}

as_list(value) := value if is_array(value)

as_list(value) := [value] if is_object(value)

as_set(value) := {item | some item in value} if is_array(value)

as_set(value) := {value} if is_string(value)

# null stands where Terraform knows no value.
list(value) := value if is_array(value)

list(value) := [] if value == null

addresses(found) := sort({resource.address | some resource in found})
