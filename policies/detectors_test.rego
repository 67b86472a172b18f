package cabincrew.policies.detectors_test

import data.cabincrew.policies.detectors
import data.cabincrew.testing

finding(detector, rule, path, line) := {
	"detector": detector, "rule": rule, "decision": "warn", "path": path, "line": line, "column": 1,
	"message": "something", "fingerprint": "0123456789abcdef", "within": null,
}

with_findings(found, over) := testing.plan([testing.updated("a.md", ["x"])], object.union({"findings": found}, over))

quiet := with_findings([finding("injection", "override", "docs/a.md", 3), finding("injection", "override", "docs/a.md", 1)], {})

test_a_person_s_finding_elsewhere_is_left_to_the_detectors if {
	count(detectors.deny) == 0 with input as quiet
	count(detectors.require_approval) == 0 with input as quiet
}

test_instructions_of_agents_are_kept_clean if {
	found := detectors.deny with input as with_findings([finding("hidden-text", "unicode-tags", "docs/AGENTS.md", 3), finding("secrets", "jwt", "AGENTS.md", 1)], {})
	testing.ids(found) == {"instruction-finding"}
	some one in found
	one.evidence.added_lines == {"docs/AGENTS.md": [3]}
}

test_production_needs_a_person_for_any_finding if {
	plan := object.union(quiet, {"environment": "production"})
	found := detectors.require_approval with input as plan
	testing.ids(found) == {"finding-in-environment"}
	some one in found
	one.role == "maintainer"
	one.evidence.added_lines == {"docs/a.md": [1, 3]}
	count(detectors.require_approval) == 0 with input as testing.plan([testing.updated("a.md", ["x"])], {"environment": "production"})
}

test_automation_needs_a_person_for_any_finding if {
	plan := object.union(quiet, {"requester": {"name": "bot", "kind": "automation", "roles": []}})
	testing.ids(detectors.require_approval) == {"finding-of-automation"} with input as plan
	count(detectors.require_approval) == 0 with input as plan with data.cabincrew.settings.detectors as {"automation": false}
}

test_denied_and_ignored_by_detector_or_by_rule if {
	testing.ids(detectors.deny) == {"denied-finding"} with input as quiet with data.cabincrew.settings.detectors as {"denied": ["injection/override"]}
	testing.ids(detectors.deny) == {"denied-finding"} with input as quiet with data.cabincrew.settings.detectors as {"denied": ["injection"]}
	count(detectors.deny) == 0 with input as quiet with data.cabincrew.settings.detectors as {"denied": ["injection"], "ignored": ["injection/override"]}
	count(detectors.deny) == 0 with input as quiet with data.cabincrew.settings.detectors as {"denied": ["injection/transcript"]}
}

test_insecure_code_where_logins_are_handled_needs_a_person if {
	plan := with_findings([finding("insecure-code", "sql-injection", "src/auth/users.py", 7), finding("insecure-code", "eval", "src/tools/a.py", 1)], {})
	found := detectors.require_approval with input as plan
	testing.ids(found) == {"insecure-code-in-sensitive-path"}
	some one in found
	one.evidence.added_lines == {"src/auth/users.py": [7]}
	count(detectors.require_approval) == 0 with input as plan with data.cabincrew.settings.detectors as {"sensitive_paths": []}
}
