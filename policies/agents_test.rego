package cabincrew.policies.agents_test

import data.cabincrew.policies.agents
import data.cabincrew.testing

by(kind, over) := testing.plan([testing.updated("src/a.cs", ["x"])], object.union({"requester": {"name": "bot", "kind": kind, "roles": []}}, over))

big := {"totals": object.union(testing.totals([]), {"files_changed": 26, "lines_added": 3})}

test_small_plans_need_no_person if {
	count(agents.deny) == 0 with input as by("automation", {})
	count(agents.require_approval) == 0 with input as by("automation", {})
}

test_large_plans_of_automation_need_a_person if {
	found := agents.require_approval with input as by("automation", big)
	{finding.msg | some finding in found} == {"'bot' changes 26 files and 3 lines; up to 25 and 1000 need no person"}
	"agent-size" in testing.ids(agents.require_approval) with input as by("automation", {"totals": object.union(testing.totals([]), {"lines_deleted": 1001})})
}

test_people_have_no_such_limits if {
	count(agents.require_approval) == 0 with input as by("human", big)
}

test_unknown_requesters_are_denied if {
	testing.ids(agents.deny) == {"requester-unknown"} with input as by("unknown", {})
	count(agents.deny) == 0 with input as by("unknown", {}) with data.cabincrew.settings.agents as {"unknown_denied": false}
}

test_environments_may_be_kept_from_automation if {
	settings := {"environments_denied": ["production"]}
	testing.ids(agents.deny) == {"agent-environment"} with input as by("automation", {"environment": "production"}) with data.cabincrew.settings.agents as settings
	count(agents.deny) == 0 with input as by("human", {"environment": "production"}) with data.cabincrew.settings.agents as settings
	count(agents.deny) == 0 with input as by("automation", {}) with data.cabincrew.settings.agents as settings
}

test_paths_may_be_kept_from_automation if {
	found := agents.deny with input as by("automation", {}) with data.cabincrew.settings.agents as {"paths_denied": ["src/**"]}
	{finding.evidence.files | some finding in found} == {["src/a.cs"]}
}

test_engines_may_be_named if {
	testing.ids(agents.deny) == {"agent-engine"} with input as by("automation", {}) with data.cabincrew.settings.agents as {"engines": ["git"]}
	count(agents.deny) == 0 with input as by("automation", {}) with data.cabincrew.settings.agents as {"engines": ["git", "patch"]}
}

test_an_agent_may_have_limits_of_its_own if {
	count(agents.require_approval) == 0 with input as by("automation", big) with data.cabincrew.settings.agents as {"agents": {"bot": {"files_max": 26}}}
	count(agents.require_approval) == 1 with input as by("automation", big) with data.cabincrew.settings.agents as {"agents": {"another": {"files_max": 26}}}
}

test_a_slip_in_an_agents_limits_denies if {
	testing.ids(agents.deny) == {"agent-settings"} with input as by("human", {}) with data.cabincrew.settings.agents as {"agents": {"bot": {"file_max": 1}}}
	testing.ids(agents.deny) == {"agent-settings"} with input as by("human", {}) with data.cabincrew.settings.agents as {"agents": {"bot": {"files_max": "1"}}}
}
