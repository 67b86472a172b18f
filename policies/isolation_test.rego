package cabincrew.policies.isolation_test

import data.cabincrew.policies.isolation
import data.cabincrew.testing

bare := testing.plan([], {"isolation": {"tier": "none", "sandboxed": false}})

test_the_full_sandbox_is_fine if {
	count(isolation.require_approval) == 0 with input as testing.plan([], {})
	count(isolation.deny) == 0 with input as testing.plan([], {})
}

test_outside_effects_need_a_person if {
	testing.ids(isolation.require_approval) == {"outside-effects"} with input as testing.plan([], {"outside_effects": true})
}

test_no_sandbox_needs_a_person if {
	testing.ids(isolation.require_approval) == {"unsandboxed"} with input as bare
}

test_no_sandbox_may_be_denied if {
	testing.ids(isolation.deny) == {"sandbox-required"} with input as bare with data.cabincrew.settings.isolation as {"sandbox_required": true}
}

test_reduced_isolation_needs_a_person if {
	testing.ids(isolation.require_approval) == {"reduced-isolation"} with input as testing.plan([], {"isolation": {"tier": "reduced", "sandboxed": true}})
}

test_destinations_may_be_denied if {
	settings := {"network_denied": ["*.example.org*"]}
	testing.ids(isolation.deny) == {"network-denied"} with input as testing.plan([], {"network": ["https://a.example.org:443"]}) with data.cabincrew.settings.isolation as settings
	count(isolation.deny) == 0 with input as testing.plan([], {"network": ["https://a.example.com"]}) with data.cabincrew.settings.isolation as settings
}
