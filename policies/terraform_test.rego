package cabincrew.policies.terraform_test

import data.cabincrew.policies.terraform
import data.cabincrew.testing

shown(resources) := testing.plan([], {"artifacts": [testing.artifact("plan", "terraform_plan", {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": resources})]})

resource(type, actions, after) := {"address": concat(".", [type, "x"]), "mode": "managed", "type": type, "name": "x", "change": {"actions": actions, "before": null, "after": after}}

one(type, actions, after) := shown([resource(type, actions, after)])

test_creating_is_fine if {
	plan := one("aws_instance", ["create"], {"ami": "x"})
	count(terraform.deny) == 0 with input as plan
	count(terraform.require_approval) == 0 with input as plan
}

test_destroys_and_replacements_need_a_person if {
	every actions in [["delete"], ["delete", "create"], ["create", "delete"]] {
		found := terraform.require_approval with input as one("aws_instance", actions, null)
		found == {{"id": "terraform-destroys", "msg": "resources are destroyed or replaced: aws_instance.x", "role": "operator", "evidence": {"resources": ["aws_instance.x"]}}}
	}
}

test_nothing_to_do_is_fine if {
	count(terraform.require_approval) == 0 with input as shown([resource("aws_db_instance", ["no-op"], {}), object.union(resource("aws_iam_policy", ["read"], {}), {"mode": "data"})])
}

test_many_destroys_are_denied if {
	many := [object.union(resource("aws_instance", ["delete"], null), {"address": sprintf("aws_instance.x[%d]", [i])}) | some i in numbers.range(1, 11)]
	testing.ids(terraform.deny) == {"terraform-many-destroys"} with input as shown(many)
	count(terraform.deny) == 0 with input as shown(many) with data.cabincrew.settings.terraform as {"destroys_denied_above": 11}
}

test_what_holds_data_is_never_destroyed if {
	every type in ["aws_db_instance", "azurerm_postgresql_server"] {
		"terraform-kept" in testing.ids(terraform.deny) with input as one(type, ["delete", "create"], {})
	}
}

test_access_needs_security if {
	every type in ["aws_iam_role", "google_project_iam_member", "azurerm_role_assignment", "kubernetes_cluster_role_binding"] {
		found := terraform.require_approval with input as one(type, ["create"], {})
		some finding in found
		finding.id == "terraform-access"
		finding.role == "security"
	}
}

test_every_right_on_everything_is_denied if {
	every statement in [{"Effect": "Allow", "Action": "*", "Resource": "*"}, [{"Effect": "Allow", "Action": ["s3:Get", "*"], "Resource": ["*"]}]] {
		policy := json.marshal({"Statement": statement})
		"terraform-all-rights" in testing.ids(terraform.deny) with input as one("aws_iam_policy", ["create"], {"policy": policy})
	}
	modest := json.marshal({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, {"Effect": "Deny", "Action": "*", "Resource": "*"}]})
	count(terraform.deny) == 0 with input as one("aws_iam_policy", ["create"], {"policy": modest})
	count(terraform.deny) == 0 with input as one("aws_iam_policy", ["create"], {"policy": null})
}

test_open_to_everybody_needs_two if {
	cases := [
		["aws_security_group", {"ingress": [{"cidr_blocks": ["10.0.0.0/8", "0.0.0.0/0"]}]}],
		["aws_security_group", {"ingress": [{"cidr_blocks": null, "ipv6_cidr_blocks": ["::/0"]}]}],
		["aws_security_group_rule", {"type": "ingress", "cidr_blocks": ["0.0.0.0/0"], "ipv6_cidr_blocks": null}],
		["aws_vpc_security_group_ingress_rule", {"cidr_ipv4": "0.0.0.0/0"}],
		["google_compute_firewall", {"source_ranges": ["0.0.0.0/0"]}],
		["azurerm_network_security_rule", {"access": "Allow", "direction": "Inbound", "source_address_prefix": "*", "source_address_prefixes": null}],
		["aws_s3_bucket_acl", {"acl": "public-read"}],
		["aws_s3_bucket_public_access_block", {"block_public_acls": false}],
		["aws_db_instance", {"publicly_accessible": true}],
		["azurerm_storage_account", {"allow_nested_items_to_be_public": true}],
		["google_storage_bucket_iam_member", {"member": "allUsers"}],
		["google_storage_bucket_iam_binding", {"members": ["user:a", "allAuthenticatedUsers"]}],
		["aws_vpc_security_group_ingress_rule", {"cidr_ipv4": null, "cidr_ipv6": "::/0"}],
		["aws_s3_bucket_policy", {"policy": json.marshal({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}})}],
		["aws_sqs_queue_policy", {"policy": json.marshal({"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": "sqs:*"}]})}],
	]
	every case in cases {
		found := terraform.require_approval with input as one(case[0], ["create"], case[1])
		some finding in found
		finding.id == "terraform-public"
		finding.count == 2
	}
}

test_open_to_some_is_fine if {
	cases := [
		["aws_security_group", {"ingress": [{"cidr_blocks": ["10.0.0.0/8"]}], "egress": [{"cidr_blocks": ["0.0.0.0/0"]}]}],
		["aws_security_group_rule", {"type": "egress", "cidr_blocks": ["0.0.0.0/0"]}],
		["google_compute_firewall", {"direction": "EGRESS", "source_ranges": ["0.0.0.0/0"]}],
		["azurerm_network_security_rule", {"access": "Deny", "direction": "Inbound", "source_address_prefix": "*"}],
		["aws_s3_bucket_acl", {"acl": "private"}],
		["aws_s3_bucket_policy", {"policy": json.marshal({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "s3:*"}]})}],
		["aws_db_instance", {"publicly_accessible": false}],
	]
	every case in cases {
		count(terraform.require_approval) == 0 with input as one(case[0], ["create"], case[1])
	}
}

test_the_front_door_may_be_open if {
	settings := {"public_allowed": ["aws_security_group.*"]}
	count(terraform.require_approval) == 0 with input as one("aws_security_group", ["create"], {"ingress": [{"cidr_blocks": ["0.0.0.0/0"]}]}) with data.cabincrew.settings.terraform as settings
}

test_what_cannot_be_read_is_denied if {
	unreadable := object.union(testing.artifact("plan", "infra_plan", {}), {"body": {"kind": "large", "json": null, "text": null}})
	testing.ids(terraform.deny) == {"terraform-unreadable"} with input as testing.plan([], {"artifacts": [unreadable]})
	testing.ids(terraform.deny) == {"terraform-unreadable"} with input as testing.plan([], {"artifacts": [object.union(unreadable, {"body": null})]})
}

test_plans_that_failed_are_denied if {
	failed := testing.artifact("plan", "report", {"terraform_version": "1.9.5", "errored": true, "resource_changes": []})
	testing.ids(terraform.deny) == {"terraform-errored"} with input as testing.plan([], {"artifacts": [failed]})
}

test_plans_without_changes_are_fine if {
	count(terraform.deny) == 0 with input as testing.plan([], {"artifacts": [testing.artifact("plan", "terraform_plan", {"terraform_version": "1.9.5"})]})
}

test_other_artifacts_are_none_of_its_business if {
	count(terraform.deny) == 0 with input as testing.plan([], {"artifacts": [testing.artifact("a", "report", {"x": 1})]})
}
