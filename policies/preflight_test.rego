package cabincrew.preflight_test

import data.cabincrew.preflight
import data.cabincrew.testing

code := testing.updated("src/a.cs", [])

prose := testing.updated("docs/guide.md", ["text"])

key := testing.updated("a.txt", ["-----BEGIN PRIVATE KEY-----"])

test_code_needs_a_yes if {
	found := preflight.require_approval with input as testing.plan([code], {})
	testing.ids(found) == {"default"}
	some finding in found
	finding.msg == "every change that is not prose needs a person's yes: src/a.cs"
}

test_prose_passes if {
	plan := testing.plan([prose], {})
	count(preflight.require_approval) == 0 with input as plan
	count(preflight.deny) == 0 with input as plan
}

test_prose_that_machines_obey_does_not_pass if {
	plan := testing.plan([testing.updated("CLAUDE.md", [])], {})
	"runs-on-checkout" in testing.ids(preflight.require_approval) with input as plan
}

test_prose_in_hidden_directories_does_not_pass if {
	plan := testing.plan([testing.updated("sub/.hidden/a.md", [])], {})
	"default" in testing.ids(preflight.require_approval) with input as plan
}

test_deleted_prose_does_not_pass if {
	plan := testing.plan([testing.deleted("README.md")], {})
	"default" in testing.ids(preflight.require_approval) with input as plan
}

test_prose_may_need_a_yes_too if {
	plan := testing.plan([prose], {})
	"default" in testing.ids(preflight.require_approval) with input as plan with data.cabincrew.settings as {"preflight": {"prose": false}}
}

test_nothing_to_apply_passes if {
	count(preflight.require_approval) == 0 with input as testing.plan([], {})
}

test_state_is_something_to_apply if {
	state := object.union(testing.artifact("s", "state", {}), {"role": "state"})
	"default" in testing.ids(preflight.require_approval) with input as testing.plan([], {"artifacts": [state]})
}

test_unmatched_changes_may_be_denied if {
	plan := testing.plan([code], {})
	"default" in testing.ids(preflight.deny) with input as plan with data.cabincrew.settings as {"preflight": {"unmatched": "deny"}}
}

test_unmatched_changes_may_be_allowed if {
	plan := testing.plan([code], {})
	count(preflight.require_approval) == 0 with input as plan with data.cabincrew.settings as {"preflight": {"unmatched": "allow"}}
	count(preflight.deny) == 0 with input as plan with data.cabincrew.settings as {"preflight": {"unmatched": "allow"}}
}

test_unmatched_changes_may_be_a_warning if {
	plan := testing.plan([code], {})
	"default" in testing.ids(preflight.warn) with input as plan with data.cabincrew.settings as {"preflight": {"unmatched": "warn"}}
}

test_a_finding_covers_its_file if {
	testing.ids(preflight.deny) == {"private-key"} with input as testing.plan([key], {})
	count(preflight.require_approval) == 0 with input as testing.plan([key], {})
}

test_a_rehearsal_only_warns if {
	plan := testing.plan([key], {})
	settings := {"secrets": {"mode": "warn"}}
	count(preflight.deny) == 0 with input as plan with data.cabincrew.settings as settings
	"private-key" in testing.ids(preflight.warn) with input as plan with data.cabincrew.settings as settings
	"default" in testing.ids(preflight.require_approval) with input as plan with data.cabincrew.settings as settings
}

test_a_rehearsed_approval_is_a_plain_warning if {
	settings := {"pipelines": {"mode": "warn"}}
	found := preflight.warn with input as testing.plan([testing.updated(".github/workflows/a.yml", [])], {}) with data.cabincrew.settings as settings
	some finding in found
	finding.id == "ci-definitions"
	startswith(finding.msg, "would need an approval: ")
	not "role" in object.keys(finding)
}

test_off_is_off if {
	settings := {"secrets": {"mode": "off"}}
	count(preflight.deny) == 0 with input as testing.plan([key], {}) with data.cabincrew.settings as settings
}

test_settings_of_no_policy_deny if {
	found := preflight.deny with input as testing.plan([prose], {}) with data.cabincrew.settings as {"secretz": {}}
	some finding in found
	finding.msg == "there are settings for 'secretz', and no such policy"
}

test_a_setting_that_is_none_denies if {
	found := preflight.deny with input as testing.plan([prose], {}) with data.cabincrew.settings as {"pipelines": {"rolle": "x"}}
	some finding in found
	finding.msg == "'pipelines' has no setting 'rolle'; it has more, role"
}

test_a_setting_of_another_type_denies if {
	"settings" in testing.ids(preflight.deny) with input as testing.plan([prose], {}) with data.cabincrew.settings as {"deletion": {"files_min": "20"}}
}

test_a_mode_that_is_none_denies if {
	"settings" in testing.ids(preflight.deny) with input as testing.plan([prose], {}) with data.cabincrew.settings as {"deletion": {"mode": "of"}}
	"settings" in testing.ids(preflight.deny) with input as testing.plan([prose], {}) with data.cabincrew.settings as {"preflight": {"unmatched": "dny"}}
}

test_warnings_are_collected_and_what_has_no_files_is_shown_as_it_is if {
	plan := testing.plan([testing.binary("logo.png")], {})
	"binary" in testing.ids(preflight.warn) with input as plan
	settings := {"file_kinds": {"mode": "off"}}
	count(preflight.warn) == 0 with input as plan with data.cabincrew.settings as settings
	found := preflight.require_approval with input as testing.plan([], {"totals": object.union(testing.totals([]), {"files_changed": 500})})
	{finding.msg | some finding in found; finding.id == "many-files"} == {"500 files change; more than 100 need a person"}
}

test_a_report_applies_nothing_and_commits_do if {
	report := testing.artifact("report", "report", {})
	count(preflight.require_approval) == 0 with input as testing.plan([], {"artifacts": [report]})
	commits := object.union(report, {"metadata": {"git": {}}})
	"default" in testing.ids(preflight.require_approval) with input as testing.plan([], {"artifacts": [commits]})
}
